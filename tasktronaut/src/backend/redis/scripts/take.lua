-- Takes the lock of a process for a revision, and reads the process.
-- ARGV: key, token, how long the lock lasts.
-- Answer: nothing when there is no such process, 0 while somebody else holds the lock, or the rows: the process, its
-- jobs, what is kept beside the jobs, and its meetings.

local key = tonumber(ARGV[1])
if locked[key] then return 0 end
local row = call('HGETALL', PREFIX .. 'p:' .. key)
if #row == 0 then return false end

local all, jobs = call('HGETALL', PREFIX .. 'j:' .. key), {}
for i = 1, #all, 2 do
  local state = byte(all[i + 1])
  if state ~= SUCCEEDED and state ~= SKIPPED then
    jobs[#jobs + 1], jobs[#jobs + 2] = all[i], all[i + 1]
  end
end
local all_meetings, meetings = call('HGETALL', PREFIX .. 'm:' .. key), {}
for i = 1, #all_meetings, 2 do
  if #all_meetings[i] == 4 then
    meetings[#meetings + 1], meetings[#meetings + 2] = all_meetings[i], all_meetings[i + 1]
  end
end
local notes = call('HGETALL', PREFIX .. 'x:' .. key)
call('HSET', PREFIX .. 'locks', ARGV[1], ARGV[2] .. ' ' .. (NOW + ARGV[3]))
return { row, jobs, notes, meetings }
