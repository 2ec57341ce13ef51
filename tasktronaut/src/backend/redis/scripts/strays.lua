-- `R17`. ARGV: how long ago a worker may have been seen.
-- Answer: for each route that nobody knows: the route, how many jobs, one of them.

local known, answer = {}, {}
local workers = call('ZRANGEBYSCORE', PREFIX .. 'workers', NOW - ARGV[1], '+inf')
for i = 1, #workers do
  for _, route in ipairs(call('SMEMBERS', PREFIX .. 'knows:' .. workers[i])) do known[route] = true end
end
for _, route in ipairs(call('SMEMBERS', ROUTES_KEY)) do
  if #route == 8 and not known[route] then
    local first = call('ZRANGE', queue_of(route), 0, 0)
    if first[1] then
      local n = #answer
      answer[n + 1], answer[n + 2], answer[n + 3] = route, call('ZCARD', queue_of(route)), first[1]
    else
      call('SREM', ROUTES_KEY, route)
    end
  end
end
return answer
