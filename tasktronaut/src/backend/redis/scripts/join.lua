-- ARGV: worker, lease, packed routes.

local answer, knows = 1, PREFIX .. 'knows:' .. ARGV[1]
-- One that enters again keeps its leases.
local row = call('GET', PREFIX .. 'worker:' .. ARGV[1])
local renewed = row and #row >= 24 and read('<I8', row, 17) or 0
note(IN, 'MSET', PREFIX .. 'worker:' .. ARGV[1], pack('<I8I8I8', ARGV[2], NOW, renewed) .. ARGV[3])
note(IN, 'ZADD', PREFIX .. 'workers', NOW, ARGV[1])
for at = 1, #ARGV[3], 8 do note(IN, 'SADD', knows, sub(ARGV[3], at, at + 7)) end
call('DEL', knows)
-- No lease of the worker runs out before this time: see `beat.lua`.
call('ZADD', PREFIX .. 'soon', 'LT', NOW + ARGV[2], ARGV[1])
