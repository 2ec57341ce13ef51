-- Takes the lock of a process for a revision, and reads the process.
-- ARGV: key (eight bytes), token, how long the lock lasts.
-- Answer: nothing when there is no such process, 0 while somebody else holds the lock, or the rows: the process, its
-- jobs, what is kept beside the jobs, and its meetings.

local p = process_of(ARGV[1])
read_wanted()
if p.gone then return false end
-- It may be the second time that this is sent, and the lock be taken already.
if p.locked and call('HGET', PREFIX .. 'p:' .. p.id, 'lock') ~= ARGV[2] then return 0 end

local row, all, jobs = call('HGETALL', PREFIX .. 'p:' .. p.id), call('HGETALL', p.jobs_key), {}
for i = 1, #all, 2 do
  local state = byte(all[i + 1])
  if all[i] == 'h' then
    row[#row + 1], row[#row + 2] = all[i], all[i + 1]
  elseif state ~= SUCCEEDED and state ~= SKIPPED then
    jobs[#jobs + 1], jobs[#jobs + 2] = all[i], all[i + 1]
  end
end
local all_meetings, meetings = call('HGETALL', PREFIX .. 'm:' .. p.id), {}
for i = 1, #all_meetings, 2 do
  if #all_meetings[i] == 4 then
    meetings[#meetings + 1], meetings[#meetings + 2] = all_meetings[i], all_meetings[i + 1]
  end
end
local answer = { row, jobs, call('HGETALL', PREFIX .. 'x:' .. p.id), meetings }
-- One that makes no sense is given as it is, and needs no lock.
if not p.garbage then
  call('HSET', p.jobs_key, 'h', sub(p.head, 1, 13) .. pack('>I8', NOW + ARGV[3]))
  call('HSET', PREFIX .. 'p:' .. p.id, 'lock', ARGV[2])
end
return answer
