-- Stores what a revision makes of a process, and gives the lock back.
-- ARGV: key, token, packed phase and outcome or nothing, memo, packed jobs, packed meetings.
-- Answer: 1, or 0 when the lock has been lost, and then nothing has changed.

local key = tonumber(ARGV[1])
local lock = call('HGET', PREFIX .. 'locks', ARGV[1])
if not locked[key] or not lock or string.match(lock, '^(%S+) ') ~= ARGV[2] then return 0 end
local p = process(key)
if p.gone or p.garbage then return 0 end

-- The updates, with their old rows loaded.
local updates, nodes, at = {}, {}, 1
local text = ARGV[5]
while at <= #text do
  local u, event_size, error_size = {}, 0, 0
  u.node, u.route, u.state, u.due, u.attempt, u.nonce, u.failed, u.lost, u.undecoded, event_size, error_size, at =
    read('<I4c8BI8I4I4I4I4I4I4I4', text, at)
  if event_size > 0 then
    u.event = string.sub(text, at, at + event_size - 2)
    at = at + event_size - 1
  end
  if error_size > 0 then
    u.error = string.sub(text, at, at + error_size - 2)
    at = at + error_size - 1
  end
  updates[#updates + 1], nodes[#nodes + 1] = u, u.node
end
load_jobs(p, nodes)

local function update(u)
  local old, member = p.jobs[u.node], pack(MEMBER, key, u.node)
  local job = { flags = 0, claimed = 0, at = 0, worker = NOBODY, state = -1 }
  if old and old ~= GARBAGE then job = old end
  local was = job.state
  if was == READY then
    drop('ZREM', queue_of(job.route), member)
  elseif was == WAITING then
    drop('ZREM', WAITING_KEY, member)
  elseif was == RUNNING and u.state ~= RUNNING then
    drop('ZREM', key_of('held', job.worker), member)
  end
  job.state, job.route, job.attempt, job.nonce = u.state, u.route, u.attempt, u.nonce
  job.failed, job.lost, job.undecoded = u.failed, u.lost, u.undecoded
  if u.state ~= RUNNING then job.worker = NOBODY end
  if u.state == WAITING then
    job.at = NOW + u.due
    add('ZADD', WAITING_KEY, job.at, member)
  elseif u.state ~= was then
    job.at = NOW
  end
  if u.state == READY then into_queue(p, member, job) end
  keep(p, u.node, 'v', HAS_EVENT, job, u.event)
  keep(p, u.node, 'e', HAS_ERROR, job, u.error)
  p.jobs[u.node] = job
  change(p, u.node)
end
for i = 1, #updates do update(updates[i]) end

at = 1
while at <= #ARGV[6] do
  local node, count
  node, count, at = read('<I4I4', ARGV[6], at)
  p.counts[node], p.counted[node] = count, true
end

if #ARGV[3] > 0 then
  local phase, outcome = read('BB', ARGV[3])
  for kind = 1, 2 do drop('ZREM', key_of('ended', kind), key) end
  set_outcome(p, outcome)
  if outcome == 0 and p.deadline > 0 then add('ZADD', PREFIX .. 'deadlines', p.deadline, key) end
  if phase == ENDED then
    set_ended(p)
  else
    set(p, 'phase', phase)
    set(p, 'ended', 0)
  end
  set(p, 'memo', ARGV[4])
end
drop('HDEL', PREFIX .. 'locks', ARGV[1])
flush()
return 1
