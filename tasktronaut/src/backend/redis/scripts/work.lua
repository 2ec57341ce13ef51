-- Processes and jobs: read once, changed in memory, noted to be written.
--
-- A member of a queue is twelve bytes: the key and the node, highest bytes first. A node is those four bytes
-- everywhere, never a number.
--
-- A job is its record, a string of 62 bytes, of which the parts that change are first:
--   1 state, 2-9 since when or until when, 10-25 worker, 26-33 when claimed, 34-37 attempt, 38-41 nonce,
--   42 flags, 43-46 failed, 47-50 lost, 51-54 undecoded, 55-62 route.
--
-- The head of a process is what scripts must know of it, kept beside its jobs in the field `h`: 21 bytes,
--   1 phase, 2 whether it is paused (1) and whether it has jobs that are blocked but have a record already (2), 3 outcome, 4-5 priority, 6-13 deadline, 14-21 until when a revision holds it, highest byte first.
--
-- A worker is a string: 1-8 its lease, 9-16 when it was seen, 17-24 when its leases were renewed, then its routes. A
-- lease begins with the claim or with the renewal, so it needs no place of its own.

local RECORD, RECORD_SIZE, MEMBER_SIZE = '<BI8c16I8I4I4BI4I4I4c8', 62, 12
local HEAD, HEAD_SIZE, RESUMED = '<BBBi2I8c8', 21, 2
local UNLOCKED = '\0\0\0\0\0\0\0\0'
-- A lock lasts seconds. One that ends later than this makes no sense, and nobody waits for it.
local LONGEST_LOCK = 60000
local HAS_EVENT, HAS_ERROR = 1, 2
local NOBODY = '\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0'

local WAITING_KEY, ROUTES_KEY = PREFIX .. 'waiting', PREFIX .. 'routes'

-- Processes by the eight bytes of their keys, and those of which jobs are wanted.
local processes, wanting = {}, {}
-- Processes whose heads change: see `heads.lua`.
local changed = {}

-- A process, of which nothing is known until `read_wanted` has read its head, and the records of nodes named here.
local function process_of(id, node)
  local p = processes[id]
  if not p then
    -- Its jobs' records by node: false where there is none.
    p = { id = id, jobs = {}, jobs_key = PREFIX .. 'j:' .. id, wanted = { 'h', node } }
    processes[id] = p
    wanting[#wanting + 1] = p
  elseif node and p.jobs[node] == nil then
    local wanted = p.wanted
    if wanted then
      wanted[#wanted + 1] = node
    else
      p.wanted = { node }
      wanting[#wanting + 1] = p
    end
  end
  return p
end

-- Reads all that is wanted, what belongs to a process at once. A process may turn out to be `gone` or `garbage`, and
-- it is `locked` while a revision holds it.
local function read_wanted()
  for i = 1, #wanting do
    local p = wanting[i]
    local names, jobs = p.wanted, p.jobs
    p.wanted, wanting[i] = nil, nil
    for from = 1, #names, CHUNK do
      local to = math.min(from + CHUNK - 1, #names)
      local rows = try('HMGET', p.jobs_key, unpack(names, from, to))
      -- What is no hash has records that make no sense.
      for j = from, to do jobs[names[j]] = rows.err and '' or rows[j - from + 1] end
    end
    if not p.head then
      local head = jobs.h
      if not head then
        p.gone = true
      elseif #head ~= HEAD_SIZE then
        p.garbage = true
      else
        p.head, p.phase = head, byte(head)
        local marks = byte(head, 2)
        p.paused, p.resumed = marks % RESUMED == 1, marks >= RESUMED
        local till = sub(head, 14) ~= UNLOCKED and read('>I8', head, 14)
        p.locked = till and till > NOW and till < NOW + LONGEST_LOCK
      end
    end
  end
end

-- `R6`: where a job stands in its queue: higher priority first, then what was ready first; exact to the millisecond
-- for priorities up to 4,000.
local function score_of(p, since)
  if not p.weight then p.weight = read('<i2', p.head, 4) * 1099511627776 + 1704067200000 end
  return since - p.weight
end

local queues = nil

-- The queue of ready jobs of a route.
local function queue_of(route)
  queues = queues or {}
  local queue = queues[route]
  if not queue then
    queue = PREFIX .. string.format('ready:%02x%02x%02x%02x%02x%02x%02x%02x', byte(route, 1, 8))
    queues[route] = queue
  end
  return queue
end
