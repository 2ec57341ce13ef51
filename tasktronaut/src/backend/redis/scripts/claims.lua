-- The second half of an exchange: claims.

-- How many jobs a call makes ready because they are due, and how many it passes over because a revision holds them.
local MOST = 1000

local WANTED, seed = tonumber(ARGV[2]), tonumber(ARGV[3])
local claims, claims_n, more, next_due, unknown, lease = {}, 0, false, false, 0, nil

local function before_other(a, b)
  if a.score ~= b.score then return a.score < b.score end
  return a.member < b.member
end

-- Reads on in a queue or in a list of fresh jobs. False where nothing is left.
local function advance(cursor)
  cursor.at = cursor.at + 1
  if cursor.fresh then
    local item = cursor.fresh[cursor.at]
    if not item then return false end
    cursor.score, cursor.member = item.score, item.member
    return true
  end
  if 2 * cursor.at > #cursor.rows then
    if cursor.at > 1 and 2 * cursor.chunk > #cursor.rows then return false end
    cursor.rows = call('ZRANGE', cursor.queue, cursor.from, cursor.from + cursor.chunk - 1, 'WITHSCORES')
    cursor.at, cursor.from = 1, cursor.from + cursor.chunk
    if not cursor.rows[1] then return false end
  end
  cursor.member, cursor.score = cursor.rows[2 * cursor.at - 1], tonumber(cursor.rows[2 * cursor.at])
  return true
end

if WANTED > 0 then
  local row = call('HMGET', PREFIX .. 'worker:' .. worker, 'lease', 'seen')
  local seen = tonumber(row[2] or '')
  lease = tonumber(row[1] or '')
  if not (lease and seen) then
    unknown = 1
  elseif seen < NOW - 5000 then
    add('HSET', PREFIX .. 'worker:' .. worker, 'seen', NOW)
    add('ZADD', PREFIX .. 'workers', NOW, worker)
  end
end

if lease then
  -- `R10`: waiting jobs whose time has come are ready.
  local first = call('ZRANGE', WAITING_KEY, 0, 0, 'WITHSCORES')
  if first[2] and tonumber(first[2]) <= NOW then
    local due = call('ZRANGEBYSCORE', WAITING_KEY, '-inf', NOW, 'LIMIT', 0, MOST)
    for i = 1, #due do
      if #due[i] == MEMBER_SIZE then
        want(read_process(process_of(sub(due[i], 1, 8))), sub(due[i], 9))
      else
        drop('ZREM', WAITING_KEY, due[i])
      end
    end
    read_wanted()
    for i = 1, #due do
      local p, node = #due[i] == MEMBER_SIZE and process_of(sub(due[i], 1, 8)), sub(due[i], 9)
      if p and not locked[p.key] then
        local job = p.jobs[node]
        drop('ZREM', WAITING_KEY, due[i])
        if job and not p.gone and (p.garbage or not makes_sense(job)) then
          set_aside(due[i])
        elseif job and not p.gone and byte(job) == WAITING then
          -- No fence holds any more: an end that is sent twice must not count twice.
          job = string.char(READY) .. sub(job, 2, 37) .. '\0\0\0\0' .. sub(job, 42)
          p.jobs[node] = job
          fresh[#fresh + 1] = { score = score_of(p, read('<I8', job, 2)), member = due[i], p = p, node = node,
            route = sub(job, 55), taken = false }
        end
      end
    end
    first = #due == MOST and { '', NOW }
      or call('ZRANGEBYSCORE', WAITING_KEY, '(' .. NOW, '+inf', 'WITHSCORES', 'LIMIT', 0, 1)
  end
  next_due = first[2] and tonumber(first[2])

  -- One cursor for each queue that the worker can work on and that is not empty, and one for what is fresh.
  local routes_key = PREFIX .. 'knows:' .. worker
  local routes, cursors = call('SINTER', ROUTES_KEY, routes_key), {}
  local chunk = math.min(math.floor(WANTED / math.max(#routes, 1)) + 2, CHUNK)
  for i = 1, #routes do
    local cursor = { queue = queue_of(routes[i]), fresh = false, rows = {}, at = 0, from = 0, chunk = chunk, score = 0,
      member = '' }
    if advance(cursor) then
      cursors[#cursors + 1] = cursor
    else
      drop('SREM', ROUTES_KEY, routes[i])
    end
  end
  local knows, mine = {}, {}
  for i = 1, #fresh do
    local item = fresh[i]
    if knows[item.route] == nil then knows[item.route] = call('SISMEMBER', routes_key, item.route) == 1 end
    if knows[item.route] and not item.p.paused then mine[#mine + 1] = item end
  end
  if #mine > 0 then
    if #mine > 1 then table.sort(mine, before_other) end
    local cursor = { fresh = mine, at = 0, score = 0, member = '' }
    advance(cursor)
    cursors[#cursors + 1] = cursor
  end
  if #cursors > 1 then table.sort(cursors, before_other) end

  -- All of a record up to its fence.
  local running_head = string.char(RUNNING) .. string.rep('\0', 8) .. worker .. NOW_BYTES
  local passed, till = 0, NOW + lease
  while claims_n < WANTED and cursors[1] and passed < MOST do
    -- The members that come first in all queues, and where each stands: its queue, or the fresh job.
    local members, places, n = {}, {}, 0
    while claims_n + n < WANTED and cursors[1] and passed < MOST do
      local cursor = cursors[1]
      local member, place = cursor.member, cursor.fresh and cursor.fresh[cursor.at] or cursor.queue
      if not advance(cursor) then
        table.remove(cursors, 1)
      else
        -- The cursor goes back to its place among the others.
        local to = 1
        while cursors[to + 1] and before_other(cursors[to + 1], cursor) do
          cursors[to] = cursors[to + 1]
          to = to + 1
        end
        cursors[to] = cursor
      end
      local p = #member == MEMBER_SIZE and process_of(sub(member, 1, 8))
      if p and locked[p.key] then
        passed = passed + 1
      else
        n = n + 1
        members[n], places[n] = member, place
        if p then want(p, sub(member, 9)) end
      end
    end
    read_wanted()
    for i = 1, n do
      local member, place = members[i], places[i]
      local p, node = #member == MEMBER_SIZE and process_of(sub(member, 1, 8)), sub(member, 9)
      local job = p and p.jobs[node]
      if type(place) == 'string' then drop('ZREM', place, member) else place.taken = true end
      if not p or (job and not makes_sense(job)) then
        set_aside(member)
      elseif job and byte(job) == READY then
        -- `R3`: a random number that is not zero, made of the caller's, as random numbers of scripts are always the
        -- same.
        local nonce = (seed + claims_n * 2654435761) % 4294967296
        local fence = pack('<I4I4', read('<I4', job, 34) + 1, nonce == 0 and 1 or nonce)
        put(p, node, running_head .. fence .. sub(job, 42))
        add('ZADD', held_key, till, member)
        local event = byte(job, 42) % 2 == HAS_EVENT and try('HGET', PREFIX .. 'x:' .. p.key, 'v' .. node)
        claims_n = claims_n + 1
        claims[claims_n] = member .. fence .. sub(job, 43, 46) .. sub(job, 51, 54)
          .. (type(event) == 'string' and pack('<I4', #event + 1) .. event or '\0\0\0\0')
      end
    end
  end
  more = cursors[1] ~= nil
end

-- What is fresh and was not taken goes into its queue.
for i = 1, #fresh do
  local item = fresh[i]
  if not item.taken then
    local job = item.p.jobs[item.node]
    put(item.p, item.node, job)
    into_queue(item.p, item.node, item.route, read('<I8', job, 2))
  end
end
if next_wait and (not next_due or next_wait < next_due) then next_due = next_wait end
