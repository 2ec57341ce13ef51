-- What workers hold.

-- Jobs that a worker really holds, with their rows. What else its list names, is taken out of it.
local function held_by(worker, members)
  local held_key, held = key_of('held', worker), {}
  for i = 1, #members do
    if #members[i] ~= MEMBER_SIZE then drop('ZREM', held_key, members[i]) end
  end
  local found = load_members(members)
  for i = 1, #found do
    local row = found[i]
    local job = row.p.jobs[row.node]
    if job and (job == GARBAGE or row.p.garbage) then
      drop('ZREM', held_key, row.member)
      set_aside(row.member)
    elseif not job or row.p.gone or job.state ~= RUNNING or job.worker ~= worker then
      drop('ZREM', held_key, row.member)
    else
      row.job = job
      held[#held + 1] = row
    end
  end
  return held
end

-- A job is ready again, as if nobody had it.
local function hand_back(row, worker)
  local job = row.job
  drop('ZREM', key_of('held', worker), row.member)
  job.state, job.worker, job.at = READY, NOBODY, NOW
  change(row.p, row.node)
  into_queue(row.p, row.member, job)
end

local function fence_of(row)
  return row.member .. pack('<I4I4', row.job.attempt, row.job.nonce)
end
