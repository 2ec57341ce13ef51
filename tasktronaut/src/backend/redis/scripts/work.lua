-- Processes and jobs: read once, changed in memory, noted to be written.
--
-- A member of a queue is twelve bytes: the key and the node, highest bytes first. A node is those four bytes
-- everywhere, never a number: to make texts of numbers is what takes the longest.
--
-- A job is its record, a string of 62 bytes, of which the parts that change are first:
--   1 state, 2-9 since when or until when, 10-25 worker, 26-33 when claimed, 34-37 attempt, 38-41 nonce,
--   42 flags, 43-46 failed, 47-50 lost, 51-54 undecoded, 55-62 route.

local RECORD, RECORD_SIZE, MEMBER_SIZE = '<BI8c16I8I4I4BI4I4I4c8', 62, 12
local HAS_EVENT, HAS_ERROR = 1, 2
local NOBODY = string.rep('\0', 16)

local WAITING_KEY, ROUTES_KEY = PREFIX .. 'waiting', PREFIX .. 'routes'

-- Processes by the eight bytes of their keys.
local processes = {}

-- A process, of which nothing is read yet.
local function process_of(id)
  local p = processes[id]
  if not p then
    local key = read('>I8', id)
    -- Its jobs' records by node: false where there is none.
    p = { id = id, key = key, jobs = {}, counts = {}, wanted = false, row = false, jobs_key = PREFIX .. 'j:' .. key }
    processes[id] = p
  end
  return p
end

-- Reads a process, which then may be `gone`, or `garbage`.
local function read_process(p)
  if p.row then return p end
  p.row = PREFIX .. 'p:' .. p.key
  local row = try('HMGET', p.row, 'phase', 'paused', 'priority', 'outcome', 'deadline')
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

-- Notes that the record of a job is wanted.
local wanting = {}
local function want(p, node)
  if p.jobs[node] == nil then
    if not p.wanted then
      p.wanted = {}
      wanting[#wanting + 1] = p
    end
    p.wanted[#p.wanted + 1] = node
  end
end

-- Reads all records that are wanted, those of a process at once.
local function read_wanted()
  for i = 1, #wanting do
    local p = wanting[i]
    local nodes = p.wanted
    p.wanted = false
    for from = 1, #nodes, CHUNK do
      local to = math.min(from + CHUNK - 1, #nodes)
      local rows = try('HMGET', p.jobs_key, unpack(nodes, from, to))
      -- What is no hash has records that make no sense.
      for j = from, to do p.jobs[nodes[j]] = rows.err and '' or rows[j - from + 1] end
    end
  end
  wanting = {}
end

local function makes_sense(job)
  return #job == RECORD_SIZE and byte(job) <= SKIPPED
end

-- A record as a table, for those who are in no hurry.
local function open(job)
  local state, at, worker, claimed, attempt, nonce, flags, failed, lost, undecoded, route = read(RECORD, job)
  return { state = state, at = at, worker = worker, claimed = claimed, attempt = attempt, nonce = nonce, flags = flags,
    failed = failed, lost = lost, undecoded = undecoded, route = route }
end

local function put(p, node, job)
  p.jobs[node] = job
  add('HSET', p.jobs_key, node, job)
end

local function put_open(p, node, job)
  put(p, node, pack(RECORD, job.state, job.at, job.worker, job.claimed, job.attempt, job.nonce, job.flags, job.failed,
    job.lost, job.undecoded, job.route))
end

local queues = {}

-- The queue of ready jobs of a route.
local function queue_of(route)
  local key = queues[route]
  if not key then
    key = PREFIX .. string.format('ready:%02x%02x%02x%02x%02x%02x%02x%02x', byte(route, 1, 8))
    queues[route] = key
  end
  return key
end

-- `R6`: higher priority first, then what was ready first. Exact to the millisecond for priorities up to 4,000.
local function score_of(p, since)
  return since - 1704067200000 - p.priority * 1099511627776
end

local function into_queue(p, node, route, since)
  if not p.paused then
    add('ZADD', queue_of(route), score_of(p, since), p.id .. node)
    add('SADD', ROUTES_KEY, route)
  end
end

-- A job whose record makes no sense must not stand in the way of others.
local function set_aside(member)
  add('ZADD', PREFIX .. 'corrupt', NOW, member)
end

local function set_outcome(p, outcome)
  if outcome ~= p.outcome then
    drop('ZREM', PREFIX .. 'out:' .. p.outcome, p.key)
    add('ZADD', PREFIX .. 'out:' .. outcome, p.key, p.key)
    add('HSET', p.row, 'outcome', outcome)
    p.outcome = outcome
  end
  if outcome ~= 0 and p.deadline > 0 then drop('ZREM', PREFIX .. 'deadlines', p.key) end
end

local function set_ended(p)
  p.phase = ENDED
  add('HSET', p.row, 'phase', ENDED)
  add('HSET', p.row, 'ended', NOW)
  add('ZADD', PREFIX .. 'ended:' .. (p.outcome == 1 and 1 or 2), NOW, p.key)
end

-- Keeps an event (`v`) or an error (`e`) of a job beside its record, which only knows that there is one.
local function keep(p, node, letter, flag, job, bytes)
  local has = job.flags % (2 * flag) >= flag
  if bytes then
    add('HSET', PREFIX .. 'x:' .. p.key, letter .. node, bytes)
    if not has then job.flags = job.flags + flag end
  elseif has then
    drop('HDEL', PREFIX .. 'x:' .. p.key, letter .. node)
    job.flags = job.flags - flag
  end
end
