-- ARGV: worker, lease, packed routes.

local routes, text = {}, ARGV[3]
for at = 1, #text, 8 do routes[#routes + 1] = string.sub(text, at, at + 7) end
call('HSET', key_of('worker', ARGV[1]), 'lease', ARGV[2], 'seen', NOW)
call('ZADD', PREFIX .. 'workers', NOW, ARGV[1])
call('DEL', key_of('knows', ARGV[1]))
in_pieces('SADD', key_of('knows', ARGV[1]), routes)
return 1
