-- The step of a chain: one success that lets go one job, while the worker has nothing else to do. It comes to the same as
-- all that follows in this script, and takes half the time; whatever is not quite so plain is left to what follows.
--
-- The end is packed as in `ends.lua`; records, heads and workers are those of `work.lua`.

do
  local text = ARGV[3]
  if #text == 46 and string.byte(text, 25) == 0 and string.sub(text, 26, 33) == '\1\0\0\0\0\0\0\0'
    and string.byte(text, 46) == 0 and string.sub(text, 17, 20) ~= '\0\0\0\0' then
    local call, sub, byte, pack = redis.call, string.sub, string.byte, struct.pack
    local prefix, worker = KEYS[1], ARGV[1]
    local wanted, seed = struct.unpack('<I4I4', ARGV[2])
    local id, node, next_node, route = sub(text, 1, 8), sub(text, 9, 12), sub(text, 34, 37), sub(text, 38, 45)
    local jobs_key, held_key = prefix .. 'j:' .. id, prefix .. 'held:' .. worker
    local rows = wanted > 0 and redis.pcall('HMGET', jobs_key, 'h', node)
    local head, job = rows and rows[1], rows and rows[2]
    -- The process flows, is neither paused nor resumed, and nobody revises it; the worker runs the job.
    if head and job and #head == 21 and #job == 62 and sub(head, 1, 2) == '\0\0'
      and sub(head, 14) == '\0\0\0\0\0\0\0\0' and byte(job) == 2 and sub(job, 10, 25) == worker
      and sub(job, 34, 41) == sub(text, 13, 20) then
      local clock = call('TIME')
      local millis = clock[2] / 1000
      local now = clock[1] * 1000 + millis - millis % 1
      local row = call('GET', prefix .. 'worker:' .. worker)
      local at = row and #row >= 24 and struct.unpack('<I8', row, 9) >= now - 5000 and string.find(row, route, 25, true)
      local first = at and at % 8 == 1 and call('ZRANGE', prefix .. 'waiting', '0', '0', 'WITHSCORES')
      local due = first and tonumber(first[2])
      if first and (not due or due > now) and not call('SINTER', prefix .. 'routes', prefix .. 'knows:' .. worker)[1] then
        local now_bytes, nobody = pack('<I8', now), '\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0'
        local fence = pack('<I4I4', 1, seed == 0 and 1 or seed)
        local member = id .. next_node
        call('HSET', jobs_key, node, '\4' .. now_bytes .. nobody .. sub(job, 26),
          next_node, '\2\0\0\0\0\0\0\0\0' .. worker .. now_bytes .. fence .. sub(nobody, 4) .. route)
        call('SREM', held_key, sub(text, 1, 12))
        call('SADD', held_key, member)
        return pack('<I8BBBI4', due and due - now + 1 or 0, 0, 0, 0, 1) .. '\0\0\0\0\0'
          .. member .. fence .. sub(nobody, 5) .. '\0\0\0\0'
      end
    end
  end
end
