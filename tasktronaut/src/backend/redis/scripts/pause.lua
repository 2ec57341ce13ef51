-- ARGV: key, 1 to pause or 0 to go on. Answer: 0 when there is no such process, 1, or 2 while a revision has it.

local key = tonumber(ARGV[1])
local p = process(key)
if p.gone then return 0 end
if locked[key] then return 2 end
local paused = ARGV[2] == '1'
if paused == p.paused then return 1 end
p.paused = paused
set(p, 'paused', ARGV[2])

-- Ready jobs are held by not being in any queue; their records stay as they are.
local jobs = call('HGETALL', key_of('j', key))
for i = 1, #jobs, 2 do
  local job, node = parse(jobs[i + 1]), tonumber(jobs[i])
  if node and job ~= GARBAGE and job.state == READY then
    local member = pack(MEMBER, key, node)
    if paused then drop('ZREM', queue_of(job.route), member) else into_queue(p, member, job) end
  end
end
flush()
return 1
