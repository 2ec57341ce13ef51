-- When to look for the leases of workers again: before the first of them runs out.

if renews and mine[1] then call('ZADD', PREFIX .. 'soon', 'LT', NOW + lease, worker) end
for i = 1, #late do
  local first = call('ZRANGE', PREFIX .. 'held:' .. late[i], 0, 0, 'WITHSCORES')
  if first[2] then
    call('ZADD', PREFIX .. 'soon', first[2], late[i])
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
