-- Notes what follows from the changes of processes: their heads, and where they are listed. A change may name another
-- phase, another outcome, or that the process has `ended`; a lock is over with it.

for p in pairs(changed) do
  local _, _, was, priority, deadline, till = read(HEAD, p.head)
  local outcome = p.outcome or was
  if p.unlocked then till = 0 end
  note(IN, 'HSET', p.row, 'head', pack(HEAD, p.phase, p.paused and 1 or 0, outcome, priority, deadline, till))
  if outcome ~= was then
    note(OUT, 'ZREM', PREFIX .. 'out:' .. was, p.name)
    note(IN, 'ZADD', PREFIX .. 'out:' .. outcome, p.name, p.name)
    if deadline > 0 then
      if outcome ~= 0 then
        note(OUT, 'ZREM', PREFIX .. 'deadlines', p.name)
      else
        note(IN, 'ZADD', PREFIX .. 'deadlines', deadline, p.name)
      end
    end
  end
  if p.ended then
    note(IN, 'HSET', p.row, 'ended', NOW)
    note(IN, 'ZADD', PREFIX .. 'ended:' .. (outcome == 1 and 1 or 2), NOW, p.name)
  end
end
