-- The first half of an exchange: ends of attempts.

local DONE, LOST, REVISE, BUSY = '\0', '\1', '\2', '\3'
local GIVEN_UP, RETRY, PUT_BACK = 1, 2, 3

local worker = ARGV[1]
local held_key = PREFIX .. 'held:' .. worker

local NOW_BYTES = pack('<I8', NOW)
local SUCCEEDED_HEAD, FAILED_HEAD = string.char(SUCCEEDED) .. NOW_BYTES .. NOBODY, string.char(FAILED) .. NOW_BYTES .. NOBODY
-- All of a record but its route.
local FRESH_HEAD = string.char(READY) .. NOW_BYTES .. NOBODY .. string.rep('\0', 29)

local recorded, ended = {}, {}
-- Jobs that have become ready in this call, and whose process is not paused. They need not go through a queue.
local fresh = {}
-- When the first of the jobs is due that wait since this call.
local next_wait = nil

-- The ends as they came, with their jobs.
local ends, text, at = {}, ARGV[4], 1
while at <= #text do
  local how, last, pause, error_size, block_size, next_at = read('<BBI8I4I4', text, at + 20)
  local p, node = process_of(sub(text, at, at + 7)), sub(text, at + 8, at + 11)
  want(p, node)
  ends[#ends + 1] = { p = p, node = node, fence = sub(text, at + 12, at + 19), how = how, last = last, pause = pause,
    error_size = error_size, at = next_at, block_size = block_size }
  -- One more than the size, so that an empty error is one, too.
  at = next_at + block_size + (error_size > 0 and error_size - 1 or 0)
end
read_wanted()

-- What one end lets go: nodes, routes, and whether they conclude; and the counts before it, to take them back.
local released, before, released_n, before_n = {}, {}, 0, 0
-- What is still to be followed.
local blocks = {}

-- `R5`: notes what a block releases, and counts down its meetings. False where that makes no sense.
local function follow(p, block, at, size)
  if size == 0 then return true end
  if size < 8 then return false end
  local releases, meetings = read('<I4I4', block, at)
  if size ~= 8 + 13 * releases + 4 * meetings then return false end
  at = at + 8
  for _ = 1, releases do
    released[released_n + 1], released[released_n + 2], released[released_n + 3] =
      sub(block, at, at + 3), sub(block, at + 4, at + 11), byte(block, at + 12)
    released_n, at = released_n + 3, at + 13
  end
  for _ = 1, meetings do
    local node = sub(block, at, at + 3)
    local count = p.counts[node]
    if count == nil then
      count = try('HGET', PREFIX .. 'm:' .. p.key, node)
      if count then count = type(count) == 'string' and tonumber(count) or '' end
    end
    if count == '' then return false end
    p.counts[node] = count
    if count then
      before[before_n + 1], before[before_n + 2], before_n = node, count, before_n + 2
      p.counts[node] = count - 1
      if count == 1 then
        local more = try('HGET', PREFIX .. 'm:' .. p.key, 't' .. node)
        if type(more) == 'table' then return false end
        if more then blocks[#blocks + 1] = more end
      end
    end
    at = at + 4
  end
  return true
end

for i = 1, #ends do
  local e = ends[i]
  local p, node = read_process(e.p), e.node
  local job = p.jobs[node]
  local state, answer = job and byte(job), nil
  if p.gone or not job then
    answer = LOST
  elseif locked[p.key] then
    answer = BUSY
  elseif p.garbage or not makes_sense(job) then
    answer = REVISE
  -- `R4`: a late result counts while nobody has claimed the job again. No claim has a nonce of zero.
  elseif sub(job, 34, 41) ~= e.fence or sub(e.fence, 5) == '\0\0\0\0' or (state ~= RUNNING and state ~= READY) then
    answer = LOST
  elseif p.phase ~= FLOWING then
    answer = REVISE
  elseif e.how < RETRY then
    released_n, before_n = 0, 0
    local good = follow(p, text, e.at + (e.error_size > 0 and e.error_size - 1 or 0), e.block_size)
    while good and #blocks > 0 do
      local block = table.remove(blocks)
      good = follow(p, block, 1, #block)
    end
    if not good then
      -- Nothing has happened, then: the counts are as they were.
      blocks, answer = {}, REVISE
      for j = before_n - 1, 1, -2 do p.counts[before[j]] = before[j + 1] end
    end
  end
  if not answer then
    answer = DONE
    local member = p.id .. node
    if state == RUNNING then
      local holder = sub(job, 10, 25)
      drop('ZREM', holder == worker and held_key or PREFIX .. 'held:' .. holder, member)
    else
      drop('ZREM', queue_of(sub(job, 55)), member)
    end
    if e.how < RETRY then
      job = (e.how == GIVEN_UP and FAILED_HEAD or SUCCEEDED_HEAD) .. sub(job, 26)
    end
    if e.how >= RETRY or e.error_size > 0 then
      local open_job = open(job)
      if e.error_size > 0 then
        keep(p, node, 'e', HAS_ERROR, open_job, sub(text, e.at, e.at + e.error_size - 2))
      end
      if e.how >= RETRY then
        local due = NOW + e.pause
        open_job.state, open_job.at, open_job.worker = WAITING, due, NOBODY
        if e.how == RETRY then open_job.failed = open_job.failed + 1 end
        if e.how == PUT_BACK then open_job.undecoded = open_job.undecoded + 1 end
        add('ZADD', WAITING_KEY, due, member)
        if not next_wait or due < next_wait then next_wait = due end
      end
      put_open(p, node, open_job)
    else
      put(p, node, job)
    end
    if e.how < RETRY then
      for j = 1, before_n, 2 do
        p.counted = p.counted or {}
        p.counted[before[j]] = true
      end
      for j = 1, released_n, 3 do
        local next_node, route, concludes = released[j], released[j + 1], released[j + 2] == 1
        p.jobs[next_node] = FRESH_HEAD .. route
        fresh[#fresh + 1] = { score = score_of(p, NOW), member = p.id .. next_node, p = p, node = next_node,
          route = route, taken = false }
        if concludes then set_outcome(p, 1) end
      end
      if e.last == 1 then
        set_ended(p)
        ended[#ended + 1] = pack('<I8', p.key)
      end
    end
  end
  recorded[i] = answer
end

for _, p in pairs(processes) do
  if p.counted then
    for node in pairs(p.counted) do add('HSET', PREFIX .. 'm:' .. p.key, node, p.counts[node]) end
  end
end
