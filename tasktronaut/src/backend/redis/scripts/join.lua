-- ARGV: worker, lease, packed routes.

local answer, row, knows = 1, PREFIX .. 'worker:' .. ARGV[1], PREFIX .. 'knows:' .. ARGV[1]
add('HSET', row, 'lease', ARGV[2])
add('HSET', row, 'seen', NOW)
add('ZADD', PREFIX .. 'workers', NOW, ARGV[1])
for at = 1, #ARGV[3], 8 do add('SADD', knows, sub(ARGV[3], at, at + 7)) end
call('DEL', knows)
