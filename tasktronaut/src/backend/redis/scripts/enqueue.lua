-- ARGV: for each process its packed head, identifier, definition, plan, packed meetings.
-- Answer: for each the key, negative where the identifier was known; 0 where what is kept of it makes no sense.

local MEETING_HEAD = '<I4I4I4'

local IDS = PREFIX .. 'ids'
local answer, new = {}, {}

for i = 1, #ARGV, 5 do
  local identifier = ARGV[i + 1]
  local known = new[identifier] or call('HGET', IDS, identifier)
  local number = #answer + 1
  if known then
    answer[number] = -(tonumber(known) or 0)
  else
    local key = call('HINCRBY', PREFIX .. 'meta', 'keys', 1)
    new[identifier], answer[number] = key, key
    local priority, node, route, concludes, start_after, deadline = read('<i2I4c8BI8I8', ARGV[i])
    -- One more than the time, so that none is zero.
    deadline = deadline > 0 and NOW + deadline - 1 or 0
    local p = { key = key, paused = false, priority = priority }
    local job = { at = NOW + start_after, route = route }
    local state = start_after > 0 and WAITING or READY
    add('HSET', IDS, identifier, key)
    local row, outcome = key_of('p', key), concludes == 1 and 1 or 0
    call('HSET', row, 'identifier', identifier, 'definition', ARGV[i + 2], 'phase', FLOWING, 'outcome', outcome,
      'memo', '', 'paused', 0, 'priority', priority, 'created', NOW, 'ended', 0, 'deadline', deadline)
    call('SET', key_of('plan', key), ARGV[i + 3])
    call('HSET', key_of('j', key), node, pack(RECORD, state, concludes == 1 and CONCLUDES or 0, 0, 0, 0, 0, 0, 0,
      job.at, route, NOBODY))
    local meetings, at = ARGV[i + 4], 1
    while at <= #meetings do
      local meeting, waits_for, size
      meeting, waits_for, size, at = read(MEETING_HEAD, meetings, at)
      add('HSET', key_of('m', key), meeting, waits_for)
      add('HSET', key_of('m', key), 't' .. meeting, string.sub(meetings, at, at + size - 1))
      at = at + size
    end
    add('ZADD', PREFIX .. 'all', key, key)
    add('ZADD', key_of('def', ARGV[i + 2]), key, key)
    add('ZADD', key_of('out', outcome), key, key)
    if deadline > 0 and outcome == 0 then add('ZADD', PREFIX .. 'deadlines', deadline, key) end
    local member = pack(MEMBER, key, node)
    if state == WAITING then
      add('ZADD', WAITING_KEY, job.at, member)
    else
      into_queue(p, member, job)
    end
  end
end
flush()
return answer
