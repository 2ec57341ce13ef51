-- ARGV: worker, how many jobs are wanted, a random number, packed ends.
-- Answer: one letter for each end, packed claims, due time or -1, more, packed keys of ended processes, unknown.

local worker, seed = ARGV[1], tonumber(ARGV[3])

local recorded, ended = {}, {}
for i, e in ipairs(ends_of(ARGV[4])) do recorded[i] = record(e, ended) end

local claims, more, next_due, lease, unknown = {}, false, false, nil, 0
if WANTED > 0 then
  local row = call('HMGET', key_of('worker', worker), 'lease', 'seen')
  local seen = tonumber(row[2] or '')
  lease = tonumber(row[1] or '')
  if lease and seen then
    next_due = promote()
    claims, more = claim_all(worker, lease, seed)
    if seen < NOW - 5000 then
      add('HSET', key_of('worker', worker), 'seen', NOW)
      add('ZADD', PREFIX .. 'workers', NOW, worker)
    end
  else
    unknown = 1
  end
end
for i = 1, #fresh do
  local item = fresh[i]
  if not item.taken then into_queue(item.p, item.member, item.p.jobs[item.node]) end
end
if next_wait and (not next_due or next_wait < next_due) then next_due = next_wait end
flush()
-- No lease of the worker runs out before this time. It may be earlier, never later.
if #claims > 0 then call('ZADD', SOON_KEY, 'NX', NOW + lease, worker) end

for i = 1, #recorded do recorded[i] = string.char(recorded[i]) end
return { table.concat(recorded), table.concat(claims), next_due and math.max(next_due - NOW, 0) or -1, more and 1 or 0,
  table.concat(ended), unknown }
