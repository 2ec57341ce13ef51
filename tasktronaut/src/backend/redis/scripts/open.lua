-- Jobs as tables, for scripts that are in no hurry.

local function makes_sense(job)
  return #job == RECORD_SIZE and byte(job) <= SKIPPED
end

local function open(job)
  local state, at, worker, claimed, attempt, nonce, flags, failed, lost, undecoded, route = read(RECORD, job)
  return { state = state, at = at, worker = worker, claimed = claimed, attempt = attempt, nonce = nonce, flags = flags,
    failed = failed, lost = lost, undecoded = undecoded, route = route }
end

local function put(p, node, job)
  local record = pack(RECORD, job.state, job.at, job.worker, job.claimed, job.attempt, job.nonce, job.flags, job.failed,
    job.lost, job.undecoded, job.route)
  p.jobs[node] = record
  note(IN, 'HSET', p.jobs_key, node, record)
end

-- A job whose record makes no sense must not stand in the way of others.
local function set_aside(member)
  note(IN, 'ZADD', PREFIX .. 'corrupt', NOW, member)
end

-- A job is in its queue, unless the process is paused.
local function into_queue(p, member, route, since)
  if not p.paused then
    note(IN, 'ZADD', queue_of(route), score_of(p, since), member)
    note(IN, 'SADD', ROUTES_KEY, route)
  end
end
