-- Notes that a process goes, with everything of it; its large keys go at once.
local function remove(key)
  local p = process(key)
  if p.phase ~= ENDED then
    -- Jobs that still are in a queue, or in a worker's hands.
    local jobs = try('HGETALL', key_of('j', key))
    for i = 1, jobs.err and 0 or #jobs, 2 do
      local job, node = parse(jobs[i + 1]), tonumber(jobs[i])
      if node and job ~= GARBAGE then
        local member = pack(MEMBER, key, node)
        if job.state == READY then
          drop('ZREM', queue_of(job.route), member)
        elseif job.state == WAITING then
          drop('ZREM', WAITING_KEY, member)
        elseif job.state == RUNNING then
          drop('ZREM', key_of('held', job.worker), member)
        end
      end
    end
  end
  local row = try('HMGET', key_of('p', key), 'identifier', 'definition')
  if not row.err then
    if row[1] then drop('HDEL', PREFIX .. 'ids', row[1]) end
    if row[2] then drop('ZREM', key_of('def', row[2]), key) end
  end
  drop('ZREM', PREFIX .. 'all', key)
  drop('ZREM', PREFIX .. 'deadlines', key)
  for outcome = 0, 3 do drop('ZREM', key_of('out', outcome), key) end
  for kind = 1, 2 do drop('ZREM', key_of('ended', kind), key) end
  call('UNLINK', key_of('p', key), key_of('j', key), key_of('x', key), key_of('m', key), key_of('plan', key))
end
