-- When to look for the leases of workers again.
--
-- No lease of a worker runs out before its time in `soon`, which is looked at in a beat, and is then the end of its
-- first lease; but not later than what it claims from now on. So a claim need not care.

for i = 1, #late do
  local first = call('ZRANGE', PREFIX .. 'held:' .. late[i], 0, 0, 'WITHSCORES')
  local its_row = call('GET', PREFIX .. 'worker:' .. late[i])
  local till = tonumber(first[2] or '')
  if its_row and #its_row == 16 then
    local next_claim = NOW + read('<I8', its_row)
    if not till or next_claim < till then till = next_claim end
  end
  if till then
    call('ZADD', PREFIX .. 'soon', till, late[i])
  else
    call('ZREM', PREFIX .. 'soon', late[i])
  end
end

-- Locks whose holders are gone.
for i = 1, #locks, 2 do
  if not locked[tonumber(locks[i]) or false] then call('HDEL', PREFIX .. 'locks', locks[i]) end
end

local answer = { table.concat(held), table.concat(stopping), table.concat(expired), reaped,
  call('ZRANGEBYSCORE', PREFIX .. 'deadlines', '-inf', NOW, 'LIMIT', 0, MOST), call('SMEMBERS', PREFIX .. 'paused') }
