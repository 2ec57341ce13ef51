-- Processes and jobs as tables: read once, changed in memory, written by `flush`.

local RECORD, RECORD_SIZE = '<BBI4I4I4I4I4I8I8c8c16', 62
local MEMBER, MEMBER_SIZE = '>I8I4', 12
local HAS_EVENT, HAS_ERROR, CONCLUDES = 1, 2, 4
local NOBODY = string.rep('\0', 16)

-- What stands in place of a row that makes no sense.
local GARBAGE = {}

local WAITING_KEY, ROUTES_KEY, SOON_KEY = PREFIX .. 'waiting', PREFIX .. 'routes', PREFIX .. 'soon'

local processes, touched = {}, {}

-- A process that may be gone (`gone`) or make no sense (`garbage`).
local function process(key)
  local p = processes[key]
  if p then return p end
  p = { key = key, jobs = {}, counts = {}, counted = {}, changed = {}, sets = {} }
  processes[key] = p
  touched[#touched + 1] = p
  local row = try('HMGET', key_of('p', key), 'phase', 'paused', 'priority', 'outcome', 'deadline')
  if row.err then
    p.garbage = true
  elseif not row[1] then
    p.gone = true
  else
    p.phase, p.priority = tonumber(row[1]), tonumber(row[3] or '')
    p.outcome, p.deadline = tonumber(row[4] or ''), tonumber(row[5] or '')
    p.paused = row[2] == '1'
    p.garbage = not (p.phase and p.priority and p.outcome and p.deadline)
  end
  return p
end

local function parse(text)
  if text == false then return false end
  if #text ~= RECORD_SIZE or string.byte(text) > SKIPPED then return GARBAGE end
  local job = {}
  job.state, job.flags, job.attempt, job.nonce, job.failed, job.lost, job.undecoded, job.claimed, job.at, job.route,
    job.worker = read(RECORD, text)
  return job
end

-- Reads jobs of one process into `p.jobs`: a table, `false` where there is no row, or GARBAGE.
local function load_jobs(p, nodes)
  local key = key_of('j', p.key)
  for from = 1, #nodes, CHUNK do
    local to = math.min(from + CHUNK - 1, #nodes)
    local rows = try('HMGET', key, unpack(nodes, from, to))
    for i = from, to do
      if p.jobs[nodes[i]] == nil then
        p.jobs[nodes[i]] = rows.err and GARBAGE or parse(rows[i - from + 1])
      end
    end
  end
end

-- Reads the jobs of many members, each process's at once. Members that make no sense are left out of the answer.
local function load_members(members)
  local found, wanted, order = {}, {}, {}
  for i = 1, #members do
    if #members[i] == MEMBER_SIZE then
      local key, node = read(MEMBER, members[i])
      local p = process(key)
      found[#found + 1] = { member = members[i], p = p, node = node }
      if p.jobs[node] == nil then
        if not wanted[p] then
          wanted[p] = {}
          order[#order + 1] = p
        end
        table.insert(wanted[p], node)
      end
    end
  end
  for i = 1, #order do load_jobs(order[i], wanted[order[i]]) end
  return found
end

local function change(p, node)
  p.changed[node] = true
end

local hex_of = {}

-- The queue of ready jobs of a route.
local function queue_of(route)
  local key = hex_of[route]
  if not key then
    local a, b, c, d, e, f, g, h = string.byte(route, 1, 8)
    key = key_of('ready', string.format('%02x%02x%02x%02x%02x%02x%02x%02x', a, b, c, d, e, f, g, h))
    hex_of[route] = key
  end
  return key
end

-- `R6`: higher priority first, then what was ready first. Exact to the millisecond for priorities up to 4,000.
local function score_of(p, since)
  return since - 1704067200000 - p.priority * 1099511627776
end

local function into_queue(p, member, job)
  if p.paused then return end
  add('ZADD', queue_of(job.route), score_of(p, job.at), member)
  add('SADD', ROUTES_KEY, job.route)
end

local function set_aside(member)
  add('ZADD', PREFIX .. 'corrupt', NOW, member)
end

local function set(p, field, value)
  p.sets[field] = value
end

local function set_outcome(p, outcome)
  if outcome ~= p.outcome then
    drop('ZREM', key_of('out', p.outcome), p.key)
    add('ZADD', key_of('out', outcome), p.key, p.key)
    p.outcome = outcome
    set(p, 'outcome', outcome)
  end
  if outcome ~= 0 and p.deadline > 0 then drop('ZREM', PREFIX .. 'deadlines', p.key) end
end

local function set_ended(p)
  p.phase = ENDED
  set(p, 'phase', ENDED)
  set(p, 'ended', NOW)
  add('ZADD', key_of('ended', p.outcome == 1 and 1 or 2), NOW, p.key)
end

-- Keeps an event (`v`) or an error (`e`) of a job beside its record, which only knows that there is one.
local function keep(p, node, letter, flag, job, bytes)
  local has = job.flags % (2 * flag) >= flag
  if bytes then
    add('HSET', key_of('x', p.key), letter .. node, bytes)
    if not has then job.flags = job.flags + flag end
  elseif has then
    drop('HDEL', key_of('x', p.key), letter .. node)
    job.flags = job.flags - flag
  end
end

local function flush()
  for i = 1, #touched do
    local p = touched[i]
    local jobs, meetings, row = key_of('j', p.key), key_of('m', p.key), key_of('p', p.key)
    for node in pairs(p.changed) do
      local job = p.jobs[node]
      add('HSET', jobs, node, pack(RECORD, job.state, job.flags, job.attempt, job.nonce, job.failed, job.lost,
        job.undecoded, job.claimed, job.at, job.route, job.worker))
    end
    for node in pairs(p.counted) do add('HSET', meetings, node, p.counts[node]) end
    for field, value in pairs(p.sets) do add('HSET', row, field, value) end
  end
  flush_list(drops)
  flush_list(adds)
end
