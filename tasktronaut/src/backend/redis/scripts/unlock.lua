-- Gives a lock back. ARGV: key, token.

local p = process_of(pack('>I8', tonumber(ARGV[1])))
if p.locked and call('HGET', p.row, 'lock') == ARGV[2] then
  call('HSET', p.row, 'head', sub(p.head, 1, 13) .. sub(NOBODY, 1, 8))
end
return 1
