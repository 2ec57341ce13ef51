-- Stores what a revision makes of a process, and gives the lock back.
-- ARGV: key, token, phase and outcome (a byte each) and new deadline (milliseconds from now, or zero) or nothing, memo, packed jobs, packed meetings.
-- Answer: 1, or 0 when the lock has been lost, and then nothing has changed.
--
-- A revision that is over leaves a mark where its lock was: the same one, sent once more, is known by it.

local answer = 1
local p = process_of(ARGV[1])
local row = PREFIX .. 'p:' .. p.id
read_wanted()
local lock, mark = call('HGET', row, 'lock'), 'applied ' .. ARGV[2]
if lock == mark then return 1 end
if not p.locked or lock ~= ARGV[2] then return 0 end

-- The updates, with their old rows.
local updates, text, at = {}, ARGV[5], 1
while at <= #text do
  local node, route, state, due, attempt, nonce, failed, lost, undecoded, event_size, error_size, next_at =
    read('<c4c8BI8I4I4I4I4I4I4I4', text, at)
  -- One more than the size, so that no bytes are something, too.
  local event, error = nil, nil
  if event_size > 0 then
    event, next_at = sub(text, next_at, next_at + event_size - 2), next_at + event_size - 1
  end
  if error_size > 0 then
    error, next_at = sub(text, next_at, next_at + error_size - 2), next_at + error_size - 1
  end
  at = next_at
  process_of(p.id, node)
  updates[#updates + 1] = { node = node, due = due, event = event, error = error, job = { state = state, at = 0,
    worker = NOBODY, claimed = 0, attempt = attempt, nonce = nonce, flags = 0, failed = failed, lost = lost,
    undecoded = undecoded, route = route } }
end
read_wanted()

for i = 1, #updates do
  local u = updates[i]
  local job, node, old = u.job, u.node, p.jobs[u.node]
  local member = p.id .. node
  if old and makes_sense(old) then
    old = open(old)
    job.claimed, job.flags = old.claimed, old.flags
    if old.state == job.state then job.at = old.at end
    if old.state == READY then
      note(OUT, 'ZREM', queue_of(old.route), member)
    elseif old.state == WAITING then
      note(OUT, 'ZREM', WAITING_KEY, member)
    elseif old.state == RUNNING and job.state == RUNNING then
      job.worker = old.worker
    elseif old.state == RUNNING then
      note(OUT, 'SREM', PREFIX .. 'held:' .. old.worker, member)
    end
  end
  if job.state == WAITING then
    job.at = NOW + u.due
    note(IN, 'ZADD', WAITING_KEY, job.at, member)
  elseif job.at == 0 then
    job.at = NOW
  end
  if job.state == READY then into_queue(p, member, job.route, job.at) end
  if job.state == BLOCKED and not p.resumed then
    p.resumed, changed[p] = true, true
  end
  for _, part in ipairs({ { 'v', HAS_EVENT, u.event }, { 'e', HAS_ERROR, u.error } }) do
    local field, flag, bytes = part[1] .. node, part[2], part[3]
    local has = job.flags % (2 * flag) >= flag
    if bytes then
      note(IN, 'HSET', PREFIX .. 'x:' .. p.id, field, bytes)
      if not has then job.flags = job.flags + flag end
    elseif has then
      note(OUT, 'HDEL', PREFIX .. 'x:' .. p.id, field)
      job.flags = job.flags - flag
    end
  end
  put(p, node, job)
end

text, at = ARGV[6], 1
while at <= #text do
  local node, count
  node, count, at = read('<c4I4', text, at)
  note(IN, 'HSET', PREFIX .. 'm:' .. p.id, node, count)
end

if #ARGV[3] > 0 then
  local deadline
  p.phase, p.outcome, deadline = read('<BBI8', ARGV[3])
  if deadline > 0 then p.deadline = NOW + deadline - 1 end
  p.ended = p.phase == ENDED
  for kind = 1, 2 do note(OUT, 'ZREM', PREFIX .. 'ended:' .. kind, read('>I8', p.id)) end
  if not p.ended then note(IN, 'HSET', row, 'ended', 0) end
  note(IN, 'HSET', row, 'memo', ARGV[4])
end
note(IN, 'HSET', row, 'lock', mark)
p.unlocked, changed[p] = true, true
