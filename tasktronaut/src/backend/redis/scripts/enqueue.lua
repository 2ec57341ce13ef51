-- ARGV: for each process its packed head, identifier, definition, plan, packed meetings.
-- Answer: for each the key, negative where the identifier was known; 0 where what is kept of it makes no sense.

local IDS, META = PREFIX .. 'ids', PREFIX .. 'meta'
local answer, new = {}, {}

for i = 1, #ARGV, 5 do
  local identifier, definition = ARGV[i + 1], ARGV[i + 2]
  local known, number = new[identifier] or call('HGET', IDS, identifier), #answer + 1
  if known then
    answer[number] = -(tonumber(known) or 0)
  else
    local key = call('HINCRBY', META, 'keys', 1)
    new[identifier], answer[number] = key, key
    local priority, node, route, concludes, start_after, deadline = read('<i2c4c8BI8I8', ARGV[i])
    -- One more than the time, so that none is zero.
    deadline = deadline > 0 and NOW + deadline - 1 or 0
    local outcome, state, since = concludes, start_after > 0 and WAITING or READY, NOW + start_after
    local id, name = pack('>I8', key), '' .. key
    local head = pack(HEAD, FLOWING, 0, outcome, priority, deadline, UNLOCKED)
    local p = { head = head }
    note(IN, 'HSET', IDS, identifier, key)
    call('HSET', PREFIX .. 'p:' .. id, 'identifier', identifier, 'definition', definition, 'memo', '', 'created', NOW,
      'ended', '0')
    call('SET', PREFIX .. 'plan:' .. id, ARGV[i + 3])
    call('HSET', PREFIX .. 'j:' .. id, 'h', head, node, pack(RECORD, state, since, NOBODY, 0, 0, 0, 0, 0, 0, 0, route))
    local meetings, at = ARGV[i + 4], 1
    while at <= #meetings do
      local meeting, waits_for, size
      meeting, waits_for, size, at = read('<c4I4I4', meetings, at)
      note(IN, 'HSET', PREFIX .. 'm:' .. id, meeting, waits_for)
      note(IN, 'HSET', PREFIX .. 'm:' .. id, 't' .. meeting, sub(meetings, at, at + size - 1))
      at = at + size
    end
    note(IN, 'ZADD', PREFIX .. 'all', name, name)
    note(IN, 'ZADD', PREFIX .. 'def:' .. definition, name, name)
    note(IN, 'ZADD', PREFIX .. 'out:' .. outcome, name, name)
    if deadline > 0 and outcome == 0 then note(IN, 'ZADD', PREFIX .. 'deadlines', deadline, name) end
    if state == WAITING then
      note(IN, 'ZADD', WAITING_KEY, since, id .. node)
    else
      into_queue(p, id .. node, route, since)
    end
  end
end
