-- ARGV: identifier. Answer: nothing, or the key and the row of the process.

local key = call('HGET', PREFIX .. 'ids', ARGV[1])
if not key then return false end
return { key, call('HGETALL', PREFIX .. 'p:' .. key) }
