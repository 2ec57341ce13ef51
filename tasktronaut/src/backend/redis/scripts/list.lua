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
  local id = pack('>I8', tonumber(keys[i]) or 0)
  local head = try('HGET', PREFIX .. 'j:' .. id, 'h')
  -- What is no hash is left out.
  head = type(head) == 'string' and head or ''
  if outcome == '' or byte(head, 3) == tonumber(outcome) then
    local identifier = try('HGET', PREFIX .. 'p:' .. id, 'identifier')
    if type(identifier) == 'string' and sub(identifier, 1, #prefix) == prefix then
      local row = call('HGETALL', PREFIX .. 'p:' .. id)
      row[#row + 1], row[#row + 2] = 'h', head
      rows[#rows + 1], rows[#rows + 2] = keys[i], row
      if #rows == 2 * wanted then return { keys[i], rows } end
    end
  end
end
return { #keys == most and keys[most] or '-1', rows }
