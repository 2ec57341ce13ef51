-- One page of processes. ARGV: `=` and a definition or nothing, outcome or nothing, prefix of identifiers, the key after which it
-- begins, the most to give, the most to look at.
-- Answer: the key that was looked at last, or -1 at the end; keys and rows in turn.

local definition, outcome, prefix = ARGV[1], ARGV[2], ARGV[3]
local index = PREFIX .. 'all'
if definition ~= '' then
  index = PREFIX .. 'def:' .. sub(definition, 2)
elseif outcome ~= '' then
  index = PREFIX .. 'out:' .. outcome
end

local wanted, most = tonumber(ARGV[5]), tonumber(ARGV[6])
local keys = call('ZRANGEBYSCORE', index, '(' .. ARGV[4], '+inf', 'LIMIT', 0, most)
local rows = {}
for i = 1, #keys do
  local row_key = PREFIX .. 'p:' .. keys[i]
  local its = call('HMGET', row_key, 'identifier', 'head')
  if its[1] and (outcome == '' or byte(its[2] or '', 3) == tonumber(outcome)) and sub(its[1], 1, #prefix) == prefix then
    rows[#rows + 1], rows[#rows + 2] = keys[i], call('HGETALL', row_key)
    if #rows == 2 * wanted then return { keys[i], rows } end
  end
end
return { #keys == most and keys[most] or '-1', rows }
