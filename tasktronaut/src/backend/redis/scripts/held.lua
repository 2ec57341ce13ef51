-- What workers hold.

-- Jobs that a worker really holds, opened. What else its list names is taken out of it.
local function held_by(worker, members)
  local held_key, held = PREFIX .. 'held:' .. worker, {}
  for i = 1, #members do
    local member = members[i]
    if #member == MEMBER_SIZE then process_of(sub(member, 1, 8), sub(member, 9)) end
  end
  read_wanted()
  for i = 1, #members do
    local member = members[i]
    local p, node = #member == MEMBER_SIZE and process_of(sub(member, 1, 8)), sub(member, 9)
    local job = p and p.jobs[node]
    if job and (p.garbage or not makes_sense(job)) then
      note(OUT, 'SREM', held_key, member)
      set_aside(member)
    elseif not job or p.gone or byte(job) ~= RUNNING or sub(job, 10, 25) ~= worker then
      note(OUT, 'SREM', held_key, member)
    else
      held[#held + 1] = { p = p, node = node, member = member, job = open(job), fence = member .. sub(job, 34, 41) }
    end
  end
  return held
end

-- A job is ready again, as if nobody had it.
local function hand_back(row, worker)
  local job = row.job
  note(OUT, 'SREM', PREFIX .. 'held:' .. worker, row.member)
  job.state, job.worker, job.at = READY, NOBODY, NOW
  put(row.p, row.node, job)
  into_queue(row.p, row.member, job.route, NOW)
end
