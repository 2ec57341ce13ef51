-- ARGV: key, 1 when only an ended process may go. Answer: whether it went, or 2 while a revision has it.

local key, answer = tonumber(ARGV[1]), 1
local p = read_process(process_of(pack('>I8', key)))
if p.gone then return 0 end
if locked[key] then return 2 end
if ARGV[2] == '1' and p.phase ~= ENDED then return 0 end
remove(key)
