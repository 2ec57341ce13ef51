-- ARGV: key (eight bytes), 1 to pause or 0 to go on. Answer: 0 when there is no such process, 1, or 2 while a revision has it.

local answer = 1
local p = process_of(ARGV[1])
read_wanted()
if p.gone then return 0 end
if p.locked then return 2 end
local paused = ARGV[2] == '1'
if p.garbage or paused == p.paused then return 1 end
p.paused = paused
changed[p] = true

-- Ready jobs are held by not being in any queue; their records stay as they are.
local jobs = call('HGETALL', p.jobs_key)
for i = 1, #jobs, 2 do
  local node, job = jobs[i], jobs[i + 1]
  if node ~= 'h' and makes_sense(job) and byte(job) == READY then
    if paused then
      note(OUT, 'ZREM', queue_of(sub(job, 55)), p.id .. node)
    else
      into_queue(p, p.id .. node, sub(job, 55), read('<I8', job, 2))
    end
  end
end
