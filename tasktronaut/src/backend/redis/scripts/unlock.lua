-- Gives a lock back. ARGV: key (eight bytes), token.

local p = process_of(ARGV[1])
read_wanted()
if p.locked and call('HGET', PREFIX .. 'p:' .. p.id, 'lock') == ARGV[2] then
  call('HSET', p.jobs_key, 'h', sub(p.head, 1, 13) .. UNLOCKED)
end
return 1
