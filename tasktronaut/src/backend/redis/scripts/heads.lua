-- Notes what follows from the changes of processes: their heads, and where they are listed.

for i = 1, #changed do
  local p = changed[i]
  note(IN, 'HSET', p.row, 'head', pack(HEAD, p.phase, (p.paused and 1 or 0) + (p.resumed and RESUMED or 0), p.outcome, p.priority, p.deadline))
  if p.outcome ~= p.was then
    note(OUT, 'ZREM', PREFIX .. 'out:' .. p.was, p.key)
    note(IN, 'ZADD', PREFIX .. 'out:' .. p.outcome, p.key, p.key)
    if p.deadline > 0 then
      if p.outcome ~= 0 then
        note(OUT, 'ZREM', PREFIX .. 'deadlines', p.key)
      else
        note(IN, 'ZADD', PREFIX .. 'deadlines', p.deadline, p.key)
      end
    end
  end
  if p.ended then
    note(IN, 'HSET', p.row, 'ended', NOW)
    note(IN, 'ZADD', PREFIX .. 'ended:' .. (p.outcome == 1 and 1 or 2), NOW, p.key)
  end
end
