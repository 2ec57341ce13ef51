-- ARGV: identifier. Answer: nothing, or the key and the row of the process.

local key = call('HGET', PREFIX .. 'ids', ARGV[1])
if not key then return false end
local id = pack('>I8', tonumber(key) or 0)
local row = call('HGETALL', PREFIX .. 'p:' .. id)
row[#row + 1], row[#row + 2] = 'h', call('HGET', PREFIX .. 'j:' .. id, 'h') or ''
return { key, row }
