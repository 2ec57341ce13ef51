-- Notes what follows from the changes of processes: their heads, and where they are listed. A change may name another
-- phase, another outcome, another deadline, or that the process has `ended`; a lock is over with it.

for p in pairs(changed) do
  local _, _, was, priority, deadline, till = read(HEAD, p.head)
  local outcome = p.outcome or was
  deadline = p.deadline or deadline
  if p.unlocked then till = UNLOCKED end
  local name, row = '' .. read('>I8', p.id), PREFIX .. 'p:' .. p.id
  note(IN, 'HSET', p.jobs_key, 'h', pack(HEAD, p.phase, (p.paused and 1 or 0) + (p.resumed and RESUMED or 0), outcome, priority, deadline, till))
  if outcome ~= was then
    note(OUT, 'ZREM', PREFIX .. 'out:' .. was, name)
    note(IN, 'ZADD', PREFIX .. 'out:' .. outcome, name, name)
    if deadline > 0 then
      if outcome ~= 0 then
        note(OUT, 'ZREM', PREFIX .. 'deadlines', name)
      else
        note(IN, 'ZADD', PREFIX .. 'deadlines', deadline, name)
      end
    end
  end
  if p.ended then
    note(IN, 'HSET', row, 'ended', NOW)
    note(IN, 'ZADD', PREFIX .. 'ended:' .. (outcome == 1 and 1 or 2), NOW, name)
  end
end
