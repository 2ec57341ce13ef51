-- Processes and jobs: read once, changed in memory, noted to be written.
--
-- A member of a queue is twelve bytes: the key and the node, highest bytes first. A node is those four bytes
-- everywhere, never a number.
--
-- A job is its record, a string of 62 bytes, of which the parts that change are first:
--   1 state, 2-9 since when or until when, 10-25 worker, 26-33 when claimed, 34-37 attempt, 38-41 nonce,
--   42 flags, 43-46 failed, 47-50 lost, 51-54 undecoded, 55-62 route.
--
-- The head of a process is what scripts must know of it: phase, whether it is paused (1) and whether it has jobs that
-- are blocked but have a record already (2), outcome, priority, deadline.

local RECORD, RECORD_SIZE, MEMBER_SIZE = '<BI8c16I8I4I4BI4I4I4c8', 62, 12
local HEAD, HEAD_SIZE, RESUMED = '<BBBi2I8', 13, 2
local HAS_EVENT, HAS_ERROR = 1, 2
local NOBODY = '\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0'

local WAITING_KEY, ROUTES_KEY = PREFIX .. 'waiting', PREFIX .. 'routes'

-- Processes by the eight bytes of their keys.
local processes = {}

-- A process, of which nothing is read yet.
local function process_of(id)
  local p = processes[id]
  if not p then
    local key = read('>I8', id)
    local name = '' .. key
    -- Its jobs' records by node: false where there is none. Its meetings' counts by node.
    p = { id = id, key = key, name = name, jobs = {}, counts = false, wanted = false, jobs_key = PREFIX .. 'j:' .. name,
      row = false, phase = false, paused = false, resumed = false, outcome = false, was = false, priority = false, deadline = false,
      writes = false, changed = false }
    processes[id] = p
  end
  return p
end

-- Reads the head of a process, which then may be `gone`, or `garbage`.
local function read_process(p)
  if p.row then return p end
  p.row = PREFIX .. 'p:' .. p.name
  local head = try('HGET', p.row, 'head')
  if not head then
    p.gone = true
  elseif type(head) ~= 'string' or #head ~= HEAD_SIZE then
    p.garbage = true
  else
    p.phase, p.paused, p.outcome, p.priority, p.deadline = read(HEAD, head)
    p.resumed, p.paused, p.was = p.paused >= RESUMED, p.paused % RESUMED == 1, p.outcome
  end
  return p
end

-- Notes that the record of a job is wanted.
local wanting = {}
local function want(p, node)
  if p.jobs[node] == nil then
    local wanted = p.wanted
    if wanted then
      wanted[#wanted + 1] = node
    else
      p.wanted = { node }
      wanting[#wanting + 1] = p
    end
  end
end

-- Reads all records that are wanted, those of a process at once.
local function read_wanted()
  for i = 1, #wanting do
    local p = wanting[i]
    local nodes, jobs = p.wanted, p.jobs
    p.wanted, wanting[i] = false, nil
    for from = 1, #nodes, CHUNK do
      local to = math.min(from + CHUNK - 1, #nodes)
      local rows = try('HMGET', p.jobs_key, unpack(nodes, from, to))
      -- What is no hash has records that make no sense.
      for j = from, to do jobs[nodes[j]] = rows.err and '' or rows[j - from + 1] end
    end
  end
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

-- Notes that a job is in the queue. `R6`: higher priority first, then what was ready first; exact to the millisecond
-- for priorities up to 4,000.
local function into_queue(p, member, route, since)
  if not p.paused then
    note(IN, 'ZADD', queue_of(route), since - 1704067200000 - p.priority * 1099511627776, member)
    note(IN, 'SADD', ROUTES_KEY, route)
  end
end

-- Processes whose heads change: see `heads.lua`.
local changed = {}
local function change(p)
  if not p.changed then
    p.changed = true
    changed[#changed + 1] = p
  end
end
