-- What every script begins with: its words, the clock, what it notes to write, the locks.
--
-- KEYS[1] is the prefix of the namespace. Which process a call touches is often decided by the call itself, so the
-- other keys are made of it here; they share its hash tag, and so a node of a cluster has all of them or none.
--
-- An error half-way would keep the writes before it. So every script reads and computes first; what it wants to write
-- it notes with `add` and `drop`, and `flush.lua` at its end writes that in a few large commands.
--
-- A call makes each function anew, which costs more than calling it: what happens in one place is no function.

local PREFIX = KEYS[1]
local call, try, pack, read, sub, byte = redis.call, redis.pcall, struct.pack, struct.unpack, string.sub, string.byte

local FLOWING, STOPPING, ENDED = 0, 2, 3
local READY, RUNNING, WAITING, SUCCEEDED, FAILED, SKIPPED = 1, 2, 3, 4, 5, 7

-- No command takes more values than this: `unpack` has a limit.
local CHUNK = 1000

local clock = call('TIME')
local NOW = clock[1] * 1000 + math.floor(clock[2] / 1000)

-- What is to be written: commands, keys and lists of values, side by side, and where the list of a command and key is.
local drops, adds = { n = 0 }, { n = 0 }

local function note(list, command, key, value, other)
  local by_key = list[command]
  if not by_key then
    by_key = {}
    list[command] = by_key
  end
  local values = by_key[key]
  if not values then
    local n = list.n
    values = {}
    by_key[key] = values
    list[n + 1], list[n + 2], list[n + 3] = command, key, values
    list.n = n + 3
  end
  local n = #values
  values[n + 1] = value
  if other ~= nil then values[n + 2] = other end
end

-- Notes that something is to be taken out of a key: ZREM, SREM, HDEL.
local function drop(command, key, value)
  note(drops, command, key, value)
end

-- Notes that something is to be put into a key, after everything that is taken out: ZADD, SADD, HSET.
local function add(command, key, value, other)
  note(adds, command, key, value, other)
end

-- Processes that a revision holds. Locks that have run out hold nothing.
local locked = {}
local locks = call('HGETALL', PREFIX .. 'locks')
for i = 1, #locks, 2 do
  local till = tonumber(string.match(locks[i + 1], ' (%d+)$') or '')
  local key = tonumber(locks[i])
  if key and till and till > NOW then locked[key] = true end
end
