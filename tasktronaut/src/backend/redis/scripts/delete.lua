-- ARGV: key (eight bytes), 1 when only an ended process may go. Answer: whether it went, or 2 while a revision has it.

local answer = 1
local p = process_of(ARGV[1])
read_wanted()
if p.gone then return 0 end
if p.locked then return 2 end
if ARGV[2] == '1' and p.phase ~= ENDED then return 0 end
remove(p)
