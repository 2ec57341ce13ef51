-- What every script begins with: its words, the clock, what it notes to write.
--
-- KEYS[1] is the prefix of the namespace. Which process a call touches is often decided by the call itself, so the
-- other keys are made of it here; they share its hash tag, and so a node of a cluster has all of them or none.
--
-- An error half-way would keep the writes before it. So every script reads and computes first; what it wants to write
-- it notes, and `flush.lua` at its end writes that in a few large commands.
--
-- What is slow in a script, in this order: a command, a number made a text or the other way round, a table that grows,
-- a function that is made anew for each call. So what happens in one place only is no function, and numbers stay the
-- bytes that they came as.

local PREFIX = KEYS[1]
local call, try, pack, read, sub, byte = redis.call, redis.pcall, struct.pack, struct.unpack, string.sub, string.byte

local FLOWING, STOPPING, ENDED = 0, 2, 3
local BLOCKED, READY, RUNNING, WAITING, SUCCEEDED, FAILED, SKIPPED = 0, 1, 2, 3, 4, 5, 7

-- No command takes more values than this: `unpack` has a limit.
local CHUNK = 1000

local clock = call('TIME')
local millis = clock[2] / 1000
local NOW = clock[1] * 1000 + millis - millis % 1

-- What is to be taken out of keys, and what is to be put into them after that: commands, keys and lists of values.
local OUT, IN = {}, {}

-- Notes one value of a command with any number of them, or a pair of values.
local function note(list, command, key, value, other)
  local by_key = list[command]
  if not by_key then
    by_key = {}
    list[command] = by_key
  end
  local values = by_key[key]
  if not values then
    local n = #list
    values = {}
    by_key[key] = values
    list[n + 1], list[n + 2], list[n + 3] = command, key, values
  end
  local n = #values
  values[n + 1] = value
  if other ~= nil then values[n + 2] = other end
end
