-- ARGV: worker, whether to renew, how many workers a job may lose.
-- Answer: packed fences of held jobs, packed keys of stopping processes, packed fences of expired leases, how many
-- leases were taken back, keys of overdue processes, paused queues.

local MOST = 100

local worker, max_lost = ARGV[1], tonumber(ARGV[3])
local held_key, worker_key = PREFIX .. 'held:' .. worker, PREFIX .. 'worker:' .. worker

local row = call('GET', worker_key)
local lease = row and #row == 16 and read('<I8', row)
local members = call('ZRANGE', held_key, 0, -1)
if lease then
  note(IN, 'MSET', worker_key, pack('<I8I8', lease, NOW))
  note(IN, 'ZADD', PREFIX .. 'workers', NOW, worker)
end

-- `R8`: leases that have run out, of any worker.
local expired, reaped, looked = {}, 0, 0
local late = call('ZRANGEBYSCORE', PREFIX .. 'soon', '-inf', NOW, 'LIMIT', 0, MOST)
local renews = lease and ARGV[2] == '1'
for i = 1, #late do
  if looked < MOST and not (renews and late[i] == worker) then
    local over = call('ZRANGEBYSCORE', PREFIX .. 'held:' .. late[i], '-inf', NOW, 'LIMIT', 0, MOST - looked)
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
          expired[#expired + 1] = row.fence
        end
      end
    end
  end
end

local held, stopping, seen = {}, {}, {}
local mine = held_by(worker, members)
for i = 1, #mine do
  local p = mine[i].p
  held[i] = mine[i].fence
  if renews then note(IN, 'ZADD', held_key, NOW + lease, mine[i].member) end
  if p.phase == STOPPING and not seen[p] then
    seen[p] = true
    stopping[#stopping + 1] = pack('<I8B', p.key, p.outcome == 3 and 1 or 0)
  end
end
