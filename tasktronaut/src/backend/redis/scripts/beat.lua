-- ARGV: worker, whether to renew, how many workers a job may lose.
-- Answer: packed fences of held jobs, packed keys of stopping processes, packed fences of expired leases, how many
-- leases were taken back, keys of overdue processes, paused queues.

local MOST = 100

local worker, max_lost = ARGV[1], tonumber(ARGV[3])
local row = call('GET', PREFIX .. 'worker:' .. worker)
local renews = row and #row >= 24 and ARGV[2] == '1'
if row and #row >= 24 then
  local lease, _, renewed = read('<I8I8I8', row)
  if renews then renewed = NOW end
  note(IN, 'MSET', PREFIX .. 'worker:' .. worker, pack('<I8I8I8', lease, NOW, renewed) .. sub(row, 25))
  note(IN, 'ZADD', PREFIX .. 'workers', NOW, worker)
end

-- `R8`: leases that have run out, of any worker. No lease of a worker runs out before its time in `soon`; that is
-- looked at here, and is then the end of the first of its leases, but not later than what it claims from now on. So a
-- claim need not care.
local expired, reaped = {}, 0
local late = call('ZRANGEBYSCORE', PREFIX .. 'soon', '-inf', NOW, 'LIMIT', 0, MOST)
for i = 1, #late do
  local its_row = call('GET', PREFIX .. 'worker:' .. late[i])
  local lease, renewed, next_time = 0, 0, nil
  if its_row and #its_row >= 24 then
    lease, renewed = read('<I8', its_row), read('<I8', its_row, 17)
    next_time = NOW + lease
    if renews and late[i] == worker then renewed = NOW end
  end
  local rows = held_by(late[i], call('SMEMBERS', PREFIX .. 'held:' .. late[i]))
  for j = 1, #rows do
    local row = rows[j]
    local till = math.max(row.job.claimed, renewed) + lease
    if till <= NOW and reaped + #expired < MOST and not row.p.locked then
      if row.p.phase == FLOWING and row.job.lost + 1 < max_lost then
        row.job.lost = row.job.lost + 1
        hand_back(row, late[i])
        reaped, till = reaped + 1, nil
      else
        expired[#expired + 1] = row.fence
      end
    end
    if till and (not next_time or till < next_time) then next_time = till end
  end
  if next_time then
    note(IN, 'ZADD', PREFIX .. 'soon', next_time, late[i])
  else
    note(OUT, 'ZREM', PREFIX .. 'soon', late[i])
  end
end

local held, stopping, seen = {}, {}, {}
local mine = held_by(worker, call('SMEMBERS', PREFIX .. 'held:' .. worker))
for i = 1, #mine do
  local p = mine[i].p
  held[i] = mine[i].fence
  if p.phase == STOPPING and not seen[p] then
    seen[p] = true
    stopping[#stopping + 1] = p.id .. (byte(p.head, 3) == 3 and '\1' or '\0')
  end
end

local answer = { table.concat(held), table.concat(stopping), table.concat(expired), reaped,
  call('ZRANGEBYSCORE', PREFIX .. 'deadlines', '-inf', NOW, 'LIMIT', 0, MOST), call('SMEMBERS', PREFIX .. 'paused') }
