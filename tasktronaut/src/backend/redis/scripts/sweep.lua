-- `R20`. ARGV: how long completed and other processes are kept, how long workers are, the most of each.
-- Answer: how many processes went.

local most, answer = tonumber(ARGV[4]), 0
for kind = 1, 2 do
  local keys = call('ZRANGEBYSCORE', PREFIX .. 'ended:' .. kind, '-inf', NOW - ARGV[kind], 'LIMIT', 0, most - answer)
  for i = 1, #keys do
    local p = process_of(pack('>I8', tonumber(keys[i]) or 0))
    read_wanted()
    if p.gone then note(OUT, 'ZREM', PREFIX .. 'ended:' .. kind, keys[i]) end
    if not p.gone and not p.locked then
      remove(p)
      answer = answer + 1
    end
  end
end

local workers = call('ZRANGEBYSCORE', PREFIX .. 'workers', '-inf', NOW - ARGV[3], 'LIMIT', 0, most)
for i = 1, #workers do
  note(OUT, 'UNLINK', PREFIX .. 'worker:' .. workers[i], PREFIX .. 'knows:' .. workers[i])
  note(OUT, 'ZREM', PREFIX .. 'workers', workers[i])
end
