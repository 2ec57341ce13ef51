-- Gives a lock back. ARGV: key, token.

local lock = call('HGET', PREFIX .. 'locks', ARGV[1])
if lock and string.match(lock, '^(%S+) ') == ARGV[2] then call('HDEL', PREFIX .. 'locks', ARGV[1]) end
return 1
