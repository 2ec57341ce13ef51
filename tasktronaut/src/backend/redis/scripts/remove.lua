-- Notes that a process goes, which has been read, with everything of it.
local function remove(p)
  local row_key, key = PREFIX .. 'p:' .. p.id, read('>I8', p.id)
  if p.phase ~= ENDED then
    -- Jobs that still are in a queue, or in a worker's hands.
    local jobs = try('HGETALL', p.jobs_key)
    for i = 1, jobs.err and 0 or #jobs, 2 do
      local job, member = jobs[i + 1], p.id .. jobs[i]
      if makes_sense(job) then
        local state = byte(job)
        if state == READY then
          note(OUT, 'ZREM', queue_of(sub(job, 55)), member)
        elseif state == WAITING then
          note(OUT, 'ZREM', WAITING_KEY, member)
        elseif state == RUNNING then
          note(OUT, 'SREM', PREFIX .. 'held:' .. sub(job, 10, 25), member)
        end
      end
    end
  end
  local row = try('HMGET', row_key, 'identifier', 'definition')
  if not row.err then
    if row[1] then note(OUT, 'HDEL', PREFIX .. 'ids', row[1]) end
    if row[2] then note(OUT, 'ZREM', PREFIX .. 'def:' .. row[2], key) end
  end
  note(OUT, 'ZREM', PREFIX .. 'all', key)
  note(OUT, 'ZREM', PREFIX .. 'deadlines', key)
  for outcome = 0, 3 do note(OUT, 'ZREM', PREFIX .. 'out:' .. outcome, key) end
  for kind = 1, 2 do note(OUT, 'ZREM', PREFIX .. 'ended:' .. kind, key) end
  -- With its keys, of which the server frees the memory later.
  for _, kind in ipairs({ 'x:', 'm:', 'plan:', 'j:' }) do note(OUT, 'UNLINK', row_key, PREFIX .. kind .. p.id) end
end
