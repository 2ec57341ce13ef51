-- Takes the lock of a process for a revision, and reads the process.
-- ARGV: key, token, how long the lock lasts.
-- Answer: nothing when there is no such process, 0 while somebody else holds the lock, or the rows: the process, its
-- jobs, what is kept beside the jobs, and its meetings.

local key = tonumber(ARGV[1])
local p = process_of(pack('>I8', key))
if p.gone then return false end
if p.locked then return 0 end

local all, jobs = call('HGETALL', p.jobs_key), {}
for i = 1, #all, 2 do
  local state = byte(all[i + 1])
  if state ~= SUCCEEDED and state ~= SKIPPED then
    jobs[#jobs + 1], jobs[#jobs + 2] = all[i], all[i + 1]
  end
end
local all_meetings, meetings = call('HGETALL', PREFIX .. 'm:' .. p.name), {}
for i = 1, #all_meetings, 2 do
  if #all_meetings[i] == 4 then
    meetings[#meetings + 1], meetings[#meetings + 2] = all_meetings[i], all_meetings[i + 1]
  end
end
local answer = { call('HGETALL', p.row), jobs, call('HGETALL', PREFIX .. 'x:' .. p.name), meetings }
-- One that makes no sense is given as it is, and needs no lock.
if not p.garbage then
  call('HSET', p.row, 'head', sub(p.head, 1, 13) .. pack('<I8', NOW + ARGV[3]), 'lock', ARGV[2])
end
return answer
