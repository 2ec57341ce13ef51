-- The second half of an exchange: claims.

-- How many jobs a call makes ready because they are due, and how many it passes over because a revision holds them.
local MOST = 1000

local WANTED, seed = read('<I4I4', ARGV[2])
local claims, claims_n, held_in, more, next_due, unknown, row, lease = {}, 0, {}, 0, nil, 0, nil, nil
-- Whether something has become ready that is left to others.
local left_ready = 0

if WANTED > 0 then
  row = call('GET', PREFIX .. 'worker:' .. worker)
  if row and #row >= 24 then
    local seen = nil
    lease, seen = read('<I8I8', row)
    if seen < NOW - 5000 then
      note(IN, 'MSET', PREFIX .. 'worker:' .. worker, sub(row, 1, 8) .. NOW_BYTES .. sub(row, 17))
      note(IN, 'ZADD', PREFIX .. 'workers', NOW, worker)
    end
  else
    unknown = 1
  end
end

if lease then
  -- `R10`: waiting jobs whose time has come are ready.
  local first = call('ZRANGE', WAITING_KEY, '0', '0', 'WITHSCORES')
  next_due = first[2] and tonumber(first[2])
  if next_due and next_due <= NOW then
    local due = call('ZRANGEBYSCORE', WAITING_KEY, '-inf', NOW, 'LIMIT', 0, MOST)
    for i = 1, #due do
      if #due[i] == MEMBER_SIZE then
        process_of(sub(due[i], 1, 8), sub(due[i], 9))
      else
        note(OUT, 'ZREM', WAITING_KEY, due[i])
      end
    end
    read_wanted()
    for i = 1, #due do
      local member, node = due[i], sub(due[i], 9)
      local p = #member == MEMBER_SIZE and process_of(sub(member, 1, 8))
      if p and not p.locked then
        local job = p.jobs[node]
        note(OUT, 'ZREM', WAITING_KEY, member)
        if job and not p.gone and (p.garbage or #job ~= RECORD_SIZE or byte(job) > SKIPPED) then
          note(IN, 'ZADD', PREFIX .. 'corrupt', NOW, member)
        elseif job and not p.gone and byte(job) == WAITING then
          -- No fence holds any more: an end that is sent twice must not count twice.
          p.jobs[node] = '\1' .. sub(job, 2, 37) .. '\0\0\0\0' .. sub(job, 42)
          fresh[#fresh + 1] = { member = member, node = node, route = sub(job, 55), since = read('<I8', job, 2), p = p }
        end
      end
    end
    next_due = NOW
    if #due < MOST then
      first = call('ZRANGEBYSCORE', WAITING_KEY, '(' .. NOW, '+inf', 'WITHSCORES', 'LIMIT', 0, 1)
      next_due = first[2] and tonumber(first[2])
    end
  end

  -- What is fresh and can be claimed at once.
  local mine = {}
  for i = 1, #fresh do
    local item = fresh[i]
    local at = not item.p.paused and string.find(row, item.route, 25, true)
    while at and at % 8 ~= 1 do at = string.find(row, item.route, at + 1, true) end
    if at then mine[#mine + 1] = item end
  end

  -- Where jobs are taken from: queues that the worker can work on, and what is fresh.
  local routes = call('SINTER', ROUTES_KEY, PREFIX .. 'knows:' .. worker)
  local take = nil
  if routes[1] or mine[2] then
    -- Several sources, merged: each has a cursor, and the cursor with the first job is the first.
    local function before_other(a, b)
      if a.score ~= b.score then return a.score < b.score end
      return a.member < b.member
    end

    -- Where there is nothing to compare, scores are not asked for.
    local alone = not mine[1] and not routes[2]

    -- Moves a cursor on, reading more of its queue where it must. False where nothing is left.
    local function advance(cursor)
      local at = cursor.at + 1
      local item = cursor.fresh and cursor.fresh[at]
      cursor.at = at
      if item then
        cursor.score, cursor.member = item.score, item.member
        return true
      end
      if cursor.fresh then return false end
      if at > cursor.n then
        if at > 1 and cursor.n < cursor.chunk then return false end
        local from, to = cursor.from, cursor.from + cursor.chunk - 1
        local rows = alone and call('ZRANGE', cursor.queue, from, to)
          or call('ZRANGE', cursor.queue, from, to, 'WITHSCORES')
        cursor.rows, cursor.n, cursor.from, cursor.at, at = rows, alone and #rows or #rows / 2, to + 1, 1, 1
        if not rows[1] then return false end
      end
      if alone then
        cursor.member = cursor.rows[at]
      else
        cursor.member, cursor.score = cursor.rows[2 * at - 1], tonumber(cursor.rows[2 * at])
      end
      return true
    end

    local cursors = {}
    local chunk = math.min(math.floor(WANTED / math.max(#routes, 1)) + 2, CHUNK)
    for i = 1, #routes do
      local cursor = { queue = queue_of(routes[i]), fresh = false, rows = false, n = 0, at = 0, from = 0, chunk = chunk,
        score = 0, member = '' }
      if advance(cursor) then
        cursors[#cursors + 1] = cursor
      else
        note(OUT, 'SREM', ROUTES_KEY, routes[i])
      end
    end
    if mine[1] then
      for i = 1, #mine do
        local item = mine[i]
        item.score = score_of(item.p, item.since)
      end
      table.sort(mine, before_other)
      local cursor = { fresh = mine, at = 0, score = 0, member = '' }
      advance(cursor)
      cursors[#cursors + 1] = cursor
    end
    if cursors[2] then table.sort(cursors, before_other) end

    take = function()
      local cursor = cursors[1]
      if not cursor then return nil end
      local member, place = cursor.member, cursor.fresh and cursor.fresh[cursor.at] or cursor.queue
      if not advance(cursor) then
        table.remove(cursors, 1)
      elseif cursors[2] then
        -- The cursor goes back to its place among the others.
        local to = 1
        while cursors[to + 1] and before_other(cursors[to + 1], cursor) do
          cursors[to] = cursors[to + 1]
          to = to + 1
        end
        cursors[to] = cursor
      end
      return member, place
    end
  end

  -- All of a record up to its fence.
  local running_head = '\2\0\0\0\0\0\0\0\0' .. worker .. NOW_BYTES
  local passed, open = 0, take or mine[1]
  while open and claims_n < WANTED do
    -- The members that come first, and where each stands: its queue, or the fresh job.
    local members, places, n = nil, mine, 0
    if take then
      members, places = {}, {}
    else
      members, n, open = { mine[1].member }, 1, false
    end
    while open and claims_n + n < WANTED do
      local member, place = take()
      if not member then
        open = false
        break
      end
      n = n + 1
      members[n], places[n] = member, place
      if #member == MEMBER_SIZE then process_of(sub(member, 1, 8), sub(member, 9)) end
    end
    read_wanted()
    for i = 1, n do
      local member, place = members[i], places[i]
      local p, node = nil, nil
      if type(place) == 'table' then
        p, node = place.p, place.node
      elseif #member == MEMBER_SIZE then
        p, node = processes[sub(member, 1, 8)], sub(member, 9)
      end
      local job = p and p.jobs[node]
      if p and p.locked then
        passed = passed + 1
      elseif type(place) == 'string' then
        note(OUT, 'ZREM', place, member)
      else
        place.member = false
      end
      if p and p.locked then
        -- It stays where it is.
      elseif not p or p.garbage or (job and (#job ~= RECORD_SIZE or byte(job) > SKIPPED)) then
        -- A job whose record makes no sense must not stand in the way of others.
        note(IN, 'ZADD', PREFIX .. 'corrupt', NOW, member)
      elseif job and byte(job) == READY and not p.paused then
        -- `R3`: a random number that is not zero, made of the caller's, as random numbers of scripts are always the
        -- same.
        local nonce = (seed + claims_n * 2654435761) % 4294967296
        local fence = pack('<I4I4', read('<I4', job, 34) + 1, nonce == 0 and 1 or nonce)
        local record = running_head .. fence .. sub(job, 42)
        p.jobs[node] = record
        local writes = p.writes
        if writes then
          local n = #writes
          writes[n + 1], writes[n + 2] = node, record
        else
          p.writes = { node, record }
        end
        claims_n = claims_n + 1
        held_in[claims_n] = member
        local event = byte(job, 42) % 2 == HAS_EVENT and try('HGET', PREFIX .. 'x:' .. p.id, 'v' .. node)
        -- One more than the size, so that no bytes are something, too.
        event = type(event) == 'string' and pack('<I4', #event + 1) .. event or '\0\0\0\0'
        claims[claims_n] = member .. fence .. sub(job, 43, 54) .. event
      end
    end
    if passed >= MOST then more, open = 1, false end
  end
  if open and take and take() then more = 1 end
end

-- What is fresh and was not taken goes into its queue.
for i = 1, #fresh do
  local item = fresh[i]
  local member, p = item.member, item.p
  if member then
    local node = sub(member, 9)
    p.writes = p.writes or {}
    local writes = p.writes
    local n = #writes
    writes[n + 1], writes[n + 2] = node, p.jobs[node]
    if not p.paused then
      left_ready = 1
      note(IN, 'ZADD', queue_of(item.route), score_of(p, item.since), member)
      note(IN, 'SADD', ROUTES_KEY, item.route)
    end
  end
end
if next_wait and (not next_due or next_wait < next_due) then next_due = next_wait end

for _, p in pairs(processes) do
  local writes = p.writes
  if writes then
    for from = 1, #writes, CHUNK do
      call('HSET', p.jobs_key, unpack(writes, from, math.min(from + CHUNK - 1, #writes)))
    end
    if p.counted then
      for meeting in pairs(p.counted) do note(IN, 'HSET', PREFIX .. 'm:' .. p.id, meeting, p.counts[meeting]) end
    end
  end
end
for from = 1, #held_out, CHUNK do
  call('SREM', held_key, unpack(held_out, from, math.min(from + CHUNK - 1, #held_out)))
end
for from = 1, #held_in, CHUNK do
  call('SADD', held_key, unpack(held_in, from, math.min(from + CHUNK - 1, #held_in)))
end
