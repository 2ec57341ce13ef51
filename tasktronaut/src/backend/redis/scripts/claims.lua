-- The second half of an exchange: claims.

local WANTED = tonumber(ARGV[2])

-- How many jobs a call makes ready because they are due, and how many it passes over because a revision holds them.
local MOST = 1000

-- `R10`: waiting jobs whose time has come are ready; the answer is when the next one is due, or false.
local function promote()
  local next_due = false
  local first = call('ZRANGE', WAITING_KEY, 0, 0, 'WITHSCORES')
  if first[2] and tonumber(first[2]) <= NOW then
    local due = call('ZRANGEBYSCORE', WAITING_KEY, '-inf', NOW, 'LIMIT', 0, MOST)
    for i = 1, #due do
      if #due[i] ~= MEMBER_SIZE then drop('ZREM', WAITING_KEY, due[i]) end
    end
    local found = load_members(due)
    for i = 1, #found do
      local p, node, member = found[i].p, found[i].node, found[i].member
      local job = p.jobs[node]
      if not locked[p.key] then
        drop('ZREM', WAITING_KEY, member)
        if job == GARBAGE or (job and p.garbage) then
          set_aside(member)
        elseif job and not p.gone and job.state == WAITING then
          -- No fence holds any more: an end that is sent twice must not count twice.
          job.state, job.nonce = READY, 0
          change(p, node)
          refresh(p, node, member, job)
        end
      end
    end
    if #due == MOST then return NOW end
    first = call('ZRANGEBYSCORE', WAITING_KEY, '(' .. NOW, '+inf', 'WITHSCORES', 'LIMIT', 0, 1)
  end
  return first[2] and tonumber(first[2])
end

local function before(a, b)
  if a.score ~= b.score then return a.score < b.score end
  return a.member < b.member
end

-- Reads on in a queue. False where nothing is left.
local function advance(cursor)
  cursor.at = cursor.at + 1
  local item = cursor.items[cursor.at]
  if not item and cursor.queue then
    local rows = call('ZRANGE', cursor.queue, cursor.from, cursor.from + cursor.chunk - 1, 'WITHSCORES')
    cursor.items, cursor.at, cursor.from = {}, 1, cursor.from + cursor.chunk
    for i = 1, #rows, 2 do
      cursor.items[#cursor.items + 1] = { score = tonumber(rows[i + 1]), member = rows[i], queue = cursor.queue }
    end
    item = cursor.items[1]
  end
  if not item then return false end
  cursor.score, cursor.member = item.score, item.member
  return true
end

-- One cursor for each queue that the worker can work on and that is not empty, first things first.
local function cursors_of(worker)
  local routes_key = key_of('knows', worker)
  local routes, cursors = call('SINTER', ROUTES_KEY, routes_key), {}
  local chunk = math.min(math.floor(WANTED / math.max(#routes, 1)) + 2, CHUNK)
  for i = 1, #routes do
    local cursor = { queue = queue_of(routes[i]), items = {}, at = 0, from = 0, chunk = chunk }
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
    if knows[item.route] then mine[#mine + 1] = item end
  end
  if #mine > 0 then
    table.sort(mine, before)
    local cursor = { items = mine, at = 0 }
    advance(cursor)
    cursors[#cursors + 1] = cursor
  end
  table.sort(cursors, before)
  return cursors
end

-- The next item of all queues; the cursor goes back to its place.
local function take(cursors)
  local cursor = cursors[1]
  local item = cursor.items[cursor.at]
  if not advance(cursor) then
    table.remove(cursors, 1)
  else
    local at = 1
    while cursors[at + 1] and before(cursors[at + 1], cursor) do
      cursors[at] = cursors[at + 1]
      at = at + 1
    end
    cursors[at] = cursor
  end
  return item
end

-- A random number that is not zero, made of the caller's (`R3`): random numbers of scripts are always the same.
local function nonce_of(seed, number)
  local nonce = (seed + number * 2654435761) % 4294967296
  return nonce == 0 and 1 or nonce
end

-- Claims one job if it is what the queue says it is.
local function claim(item, worker, lease, seed, claims)
  local p, node = item.p, item.node
  local job = p and p.jobs[node]
  if item.queue then drop('ZREM', item.queue, item.member) end
  if not p or job == GARBAGE or p.garbage then return set_aside(item.member) end
  if not job or p.gone or p.paused or job.state ~= READY then return end
  item.taken = true
  job.state, job.attempt, job.nonce = RUNNING, job.attempt + 1, nonce_of(seed, #claims)
  job.worker, job.claimed, job.at = worker, NOW, 0
  change(p, node)
  add('ZADD', key_of('held', worker), NOW + lease, item.member)
  local event = job.flags % 2 == HAS_EVENT and try('HGET', key_of('x', p.key), 'v' .. node)
  if type(event) ~= 'string' then event = nil end
  claims[#claims + 1] = item.member
    .. pack('<I4I4I4I4I4', job.attempt, job.nonce, job.failed, job.undecoded, event and #event + 1 or 0)
    .. (event or '')
end

-- Claims up to WANTED jobs. The answer: their packed rows, and whether more may be ready.
local function claim_all(worker, lease, seed)
  local claims, passed, cursors = {}, 0, cursors_of(worker)
  while #claims < WANTED and cursors[1] and passed < MOST do
    local items, members = {}, {}
    while #claims + #items < WANTED and cursors[1] and passed < MOST do
      local item = take(cursors)
      local key = #item.member == MEMBER_SIZE and read('>I8', item.member)
      if key and locked[key] then
        passed = passed + 1
      else
        items[#items + 1] = item
        if not item.p and key then members[#members + 1] = item.member end
      end
    end
    local found, by_member = load_members(members), {}
    for i = 1, #found do by_member[found[i].member] = found[i] end
    for i = 1, #items do
      local item = items[i]
      local row = by_member[item.member]
      if row then item.p, item.node = row.p, row.node end
      claim(item, worker, lease, seed, claims)
    end
  end
  return claims, cursors[1] ~= nil
end
