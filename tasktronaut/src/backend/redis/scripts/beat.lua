-- ARGV: worker, whether to renew, how many workers a job may lose.
-- Answer: packed fences of held jobs, packed keys of stopping processes, packed fences of expired leases, how many
-- leases were taken back, keys of overdue processes, paused queues.

local MOST = 100

local worker, max_lost = ARGV[1], tonumber(ARGV[3])
local held_key, worker_key = key_of('held', worker), key_of('worker', worker)

local lease = call('HGET', worker_key, 'lease')
local members = call('ZRANGE', held_key, 0, -1)
if lease then
  call('HSET', worker_key, 'seen', NOW)
  call('ZADD', PREFIX .. 'workers', NOW, worker)
  if ARGV[2] == '1' and #members > 0 then
    local till, scores = NOW + lease, {}
    for i = 1, #members do
      scores[#scores + 1], scores[#scores + 2] = till, members[i]
    end
    in_pieces('ZADD', held_key, scores)
    call('ZADD', SOON_KEY, till, worker)
  end
end

-- `R8`: leases that have run out, of any worker.
local expired, reaped, looked = {}, 0, 0
local late = call('ZRANGEBYSCORE', SOON_KEY, '-inf', NOW, 'LIMIT', 0, MOST)
for i = 1, #late do
  if looked < MOST then
    local over = call('ZRANGEBYSCORE', key_of('held', late[i]), '-inf', NOW, 'LIMIT', 0, MOST - looked)
    looked = looked + #over
    local rows = held_by(late[i], over)
    for j = 1, #rows do
      local row = rows[j]
      if not locked[row.p.key] then
        if row.p.phase == FLOWING and row.job.lost + 1 < max_lost then
          row.job.lost = row.job.lost + 1
          hand_back(row, late[i])
          reaped = reaped + 1
        else
          expired[#expired + 1] = fence_of(row)
        end
      end
    end
  end
end

local held, stopping, seen = {}, {}, {}
local mine = held_by(worker, members)
for i = 1, #mine do
  local p = mine[i].p
  held[i] = fence_of(mine[i])
  if p.phase == STOPPING and not seen[p] then
    seen[p] = true
    stopping[#stopping + 1] = pack('<I8B', p.key, p.outcome == 3 and 1 or 0)
  end
end
flush()

-- When to look at these workers again.
for i = 1, #late do
  local first = call('ZRANGE', key_of('held', late[i]), 0, 0, 'WITHSCORES')
  if first[2] then
    call('ZADD', SOON_KEY, first[2], late[i])
  else
    call('ZREM', SOON_KEY, late[i])
  end
end

-- Locks whose holders are gone.
local locks = call('HGETALL', PREFIX .. 'locks')
for i = 1, #locks, 2 do
  if not locked[tonumber(locks[i]) or false] then call('HDEL', PREFIX .. 'locks', locks[i]) end
end

return { table.concat(held), table.concat(stopping), table.concat(expired), reaped,
  call('ZRANGEBYSCORE', PREFIX .. 'deadlines', '-inf', NOW, 'LIMIT', 0, MOST), call('SMEMBERS', PREFIX .. 'paused') }
