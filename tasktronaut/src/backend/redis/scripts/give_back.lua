-- `R18`. ARGV: worker, whether it leaves, packed fences; a worker that leaves gives all that it holds.
-- Answer: packed fences that must be revised, packed fences that a revision has in hand just now.

local worker, leaves = ARGV[1], ARGV[2] == '1'
local fences, members = {}, {}
if leaves then
  members = call('SMEMBERS', PREFIX .. 'held:' .. worker)
else
  for at = 1, #ARGV[3], 20 do
    local member = sub(ARGV[3], at, at + 11)
    members[#members + 1], fences[member] = member, sub(ARGV[3], at, at + 19)
  end
end

local revise, busy = {}, {}
local rows = held_by(worker, members)
for i = 1, #rows do
  local row = rows[i]
  local fence = row.fence
  if leaves or fences[row.member] == fence then
    if row.p.locked then
      busy[#busy + 1] = fence
    elseif row.p.phase ~= FLOWING then
      revise[#revise + 1] = fence
    else
      row.job.nonce = 0
      hand_back(row, worker)
    end
  end
end
if leaves then
  call('DEL', PREFIX .. 'worker:' .. worker, PREFIX .. 'knows:' .. worker)
  note(OUT, 'ZREM', PREFIX .. 'workers', worker)
end
local answer = { table.concat(revise), table.concat(busy) }
