-- The first half of an exchange: ends of attempts.

local DONE, LOST, REVISE, BUSY = 0, 1, 2, 3
local GIVEN_UP, RETRY, PUT_BACK = 1, 2, 3

-- Jobs that have become ready in this call, and whose process is not paused. They need not go through the queue.
local fresh = {}
-- When the first of the jobs is due that wait since this call.
local next_wait = nil

local function refresh(p, node, member, job)
  if not p.paused then
    fresh[#fresh + 1] = { score = score_of(p, job.at), member = member, p = p, node = node, route = job.route }
  end
end

-- How many jobs and meetings follow; nothing where that makes no sense.
local function sizes(block)
  if #block == 0 then return 0, 0 end
  if #block < 8 then return nil end
  local releases, meetings = read('<I4I4', block)
  if #block ~= 8 + 13 * releases + 4 * meetings then return nil end
  return releases, meetings
end

local function count_of(p, node)
  if p.counts[node] == nil then
    local text = try('HGET', key_of('m', p.key), node)
    if text == false then
      p.counts[node] = false
    else
      p.counts[node] = type(text) == 'string' and tonumber(text) or GARBAGE
    end
  end
  return p.counts[node]
end

-- `R5`: what a block lets go, through all the meetings that it completes: a list of what is released, or nothing
-- where a meeting makes no sense, and then nothing has changed.
local function follow(p, block)
  local released, before, open = {}, {}, { block }
  local function garbage()
    for node, count in pairs(before) do p.counts[node] = count end
  end
  while #open > 0 do
    local block = table.remove(open)
    local releases, meetings = sizes(block)
    if not releases then return garbage() end
    local at = 9
    for _ = 1, releases do
      local node, route, concludes
      node, route, concludes, at = read('<I4c8B', block, at)
      released[#released + 1] = { node, route, concludes }
    end
    for _ = 1, meetings do
      local node
      node, at = read('<I4', block, at)
      local count = count_of(p, node)
      if count == GARBAGE then return garbage() end
      if count then
        before[node] = before[node] or count
        p.counts[node] = count - 1
        if count == 1 then
          local text = try('HGET', key_of('m', p.key), 't' .. node)
          if type(text) == 'table' then return garbage() end
          if text then open[#open + 1] = text end
        end
      end
    end
  end
  for node in pairs(before) do p.counted[node] = true end
  return released
end

local function release(p, node, route, concludes)
  local job = { state = READY, flags = concludes == 1 and CONCLUDES or 0, attempt = 0, nonce = 0, failed = 0, lost = 0,
    undecoded = 0, claimed = 0, at = NOW, route = route, worker = NOBODY }
  p.jobs[node] = job
  change(p, node)
  refresh(p, node, pack(MEMBER, p.key, node), job)
  if concludes == 1 then set_outcome(p, 1) end
end

-- A job is not in its worker's hands any more, nor in the queue.
local function let_go(e, job)
  if job.state == RUNNING then
    drop('ZREM', key_of('held', job.worker), e.member)
  else
    drop('ZREM', queue_of(job.route), e.member)
  end
  job.worker = NOBODY
end

local function leads_to(how)
  if how == RETRY or how == PUT_BACK then return WAITING end
  return how == GIVEN_UP and FAILED or SUCCEEDED
end

local function record(e, ended)
  local p = e.p
  if p.gone then return LOST end
  if locked[p.key] then return BUSY end
  local job = p.jobs[e.node]
  if not job then return LOST end
  if p.garbage or job == GARBAGE then return REVISE end
  -- `R4`: a late result counts while nobody has claimed the job again.
  if job.attempt ~= e.attempt or job.nonce ~= e.nonce or e.nonce == 0 then return LOST end
  -- It is recorded already, and only the answer was lost.
  if job.state == leads_to(e.how) then return DONE end
  if job.state ~= RUNNING and job.state ~= READY then return LOST end
  if p.phase ~= FLOWING then return REVISE end
  if e.how == RETRY or e.how == PUT_BACK then
    let_go(e, job)
    job.state, job.at = WAITING, NOW + e.pause
    if e.how == RETRY then job.failed = job.failed + 1 else job.undecoded = job.undecoded + 1 end
    add('ZADD', WAITING_KEY, job.at, e.member)
    if not next_wait or job.at < next_wait then next_wait = job.at end
  else
    local released = follow(p, e.block)
    if not released then return REVISE end
    let_go(e, job)
    job.state, job.at = e.how == GIVEN_UP and FAILED or SUCCEEDED, NOW
    for i = 1, #released do release(p, unpack(released[i])) end
    if e.last == 1 then
      set_ended(p)
      ended[#ended + 1] = pack('<I8', p.key)
    end
  end
  if e.error then keep(p, e.node, 'e', HAS_ERROR, job, e.error) end
  change(p, e.node)
  return DONE
end

-- The ends as they came, with their jobs loaded.
local function ends_of(text)
  local ends, members, at = {}, {}, 1
  while at <= #text do
    local e, error_size, block_size = { member = string.sub(text, at, at + MEMBER_SIZE - 1) }, 0, 0
    e.attempt, e.nonce, e.how, e.last, e.pause, error_size, block_size, at =
      read('<I4I4BBI8I4I4', text, at + MEMBER_SIZE)
    -- One more than the size, so that an empty error is one, too.
    if error_size > 0 then
      e.error = string.sub(text, at, at + error_size - 2)
      at = at + error_size - 1
    end
    e.block = string.sub(text, at, at + block_size - 1)
    at = at + block_size
    ends[#ends + 1], members[#members + 1] = e, e.member
  end
  local loaded = load_members(members)
  for i = 1, #ends do ends[i].p, ends[i].node = loaded[i].p, loaded[i].node end
  return ends
end
