-- The first half of an exchange: ends of attempts.
--
-- An end is packed as its member (12 bytes), its fence (8), how many bytes follow (4), flags (1): how it ended, and
-- 4 for the last end of a process, 8 where there is an error; a pause (8) for a retry; the length of the error (4) and
-- the error; and the rest is what it lets go.

local DONE, LOST, REVISE, BUSY = '\0', '\1', '\2', '\3'
local GIVEN_UP, RETRY, PUT_BACK, LAST, WITH_ERROR = 1, 2, 3, 4, 8

local worker, text = ARGV[1], ARGV[3]
local held_key = PREFIX .. 'held:' .. worker

local NOW_BYTES = pack('<I8', NOW)
-- All of a record before the claim, and all of a new one before the route.
local SUCCEEDED_HEAD = '\4' .. NOW_BYTES .. NOBODY
local FRESH_HEAD = '\1' .. NOW_BYTES .. NOBODY .. NOBODY .. sub(NOBODY, 4)

local recorded, ended, held_out = {}, '', {}
-- Jobs that have become ready in this call. They need not go through a queue.
local fresh = {}
-- When the first of the jobs is due that wait since this call.
local next_wait = nil
-- What one end lets go: nodes, routes, and whether they conclude; the counts before it, to take them back; and what
-- is still to be followed.
local released, before, blocks = {}, nil, nil

-- The state of a job that has ended so.
local function leads_to(how)
  if how >= RETRY then return WAITING end
  return how == GIVEN_UP and FAILED or SUCCEEDED
end

local ends, ends_p, ends_node, at = {}, {}, {}, 1
while at <= #text do
  local n = #ends + 1
  local node = sub(text, at + 8, at + 11)
  ends[n], ends_p[n], ends_node[n] = at, process_of(sub(text, at, at + 7), node), node
  at = at + 24 + read('<I4', text, at + 20)
end
ends[#ends + 1] = at
read_wanted()

for i = 1, #ends - 1 do
  local start, p, node = ends[i], ends_p[i], ends_node[i]
  local job, flags, answer, released_n, before_n = p.jobs[node], byte(text, start + 24), nil, 0, 0
  local state, fence = job and byte(job), sub(text, start + 12, start + 19)
  local how, rest, error = flags % LAST, start + 25, nil
  local a, b, c, d = byte(fence, 5, 8)
  if p.gone or not job then
    answer = LOST
  elseif p.locked then
    answer = BUSY
  elseif p.garbage or #job ~= RECORD_SIZE or state > SKIPPED then
    answer = REVISE
  -- No claim has a nonce of zero.
  elseif sub(job, 34, 41) ~= fence or a + b + c + d == 0 then
    answer = LOST
  -- It is recorded already, and only the answer was lost.
  elseif state == leads_to(how) then
    answer = DONE
  -- `R4`: a late result counts while nobody has claimed the job again.
  elseif state ~= RUNNING and state ~= READY then
    answer = LOST
  elseif p.phase ~= FLOWING then
    answer = REVISE
  else
    if how >= RETRY then rest = rest + 8 end
    if flags >= WITH_ERROR then
      local size = read('<I4', text, rest)
      error, rest = sub(text, rest + 4, rest + 3 + size), rest + 4 + size
    end
    -- `R5`: what is released, through all the meetings that are completed; in a loop.
    local block, at, stop, blocks_n = text, rest, ends[i + 1], 0
    while block do
      if at < stop then
        local releases, meetings = 0, 0
        if stop - at >= 8 then releases, meetings = read('<I4I4', block, at) end
        if stop - at ~= 8 + 13 * releases + 4 * meetings then
          answer = REVISE
          break
        end
        at = at + 8
        for _ = 1, releases do
          released[released_n + 1], released[released_n + 2], released[released_n + 3] =
            sub(block, at, at + 3), sub(block, at + 4, at + 11), byte(block, at + 12)
          released_n, at = released_n + 3, at + 13
        end
        for _ = 1, meetings do
          local meeting = sub(block, at, at + 3)
          local counts = p.counts
          if not counts then
            counts = {}
            p.counts, p.counted = counts, {}
          end
          if not before then before, blocks = {}, {} end
          local count = counts[meeting]
          if count == nil then
            count = try('HGET', PREFIX .. 'm:' .. p.id, meeting)
            -- One that is missing counts nothing; one that makes no sense is the business of a revision.
            if count then count = type(count) == 'string' and tonumber(count) or '' end
            counts[meeting] = count
          end
          if count == '' then
            answer = REVISE
          elseif count then
            before[before_n + 1], before[before_n + 2], before_n = meeting, count, before_n + 2
            counts[meeting] = count - 1
            if count == 1 then
              local more = try('HGET', PREFIX .. 'm:' .. p.id, 't' .. meeting)
              if type(more) == 'string' then
                blocks_n = blocks_n + 1
                blocks[blocks_n] = more
              elseif more then
                answer = REVISE
              end
            end
          end
          at = at + 4
        end
      end
      block = nil
      if blocks_n > 0 and not answer then
        block = blocks[blocks_n]
        at, stop, blocks_n = 1, #block + 1, blocks_n - 1
      end
    end
    -- Nothing has happened, then: the counts are as they were.
    if answer then
      for j = before_n - 1, 1, -2 do p.counts[before[j]] = before[j + 1] end
    end
  end
  if not answer then
    answer = DONE
    local member = p.id .. node
    if state == READY then
      note(OUT, 'ZREM', queue_of(sub(job, 55)), member)
    elseif sub(job, 10, 25) == worker then
      held_out[#held_out + 1] = member
    else
      note(OUT, 'SREM', PREFIX .. 'held:' .. sub(job, 10, 25), member)
    end
    if how == 0 and not error then
      job = SUCCEEDED_HEAD .. sub(job, 26)
    else
      local note_flags, failed, lost, undecoded = read('<BI4I4I4', job, 42)
      if how == GIVEN_UP then failed = failed + 1 end
      local head = (how == GIVEN_UP and '\5' or '\4') .. NOW_BYTES
      if error then
        note(IN, 'HSET', PREFIX .. 'x:' .. p.id, 'e' .. node, error)
        if note_flags < HAS_ERROR then note_flags = note_flags + HAS_ERROR end
      end
      if how >= RETRY then
        local due = NOW + read('<I8', text, start + 25)
        head = '\3' .. pack('<I8', due)
        if how == RETRY then failed = failed + 1 end
        if how == PUT_BACK then undecoded = undecoded + 1 end
        note(IN, 'ZADD', WAITING_KEY, due, member)
        if not next_wait or due < next_wait then next_wait = due end
      end
      job = head .. NOBODY .. sub(job, 26, 41) .. pack('<BI4I4I4', note_flags, failed, lost, undecoded) .. sub(job, 55)
    end
    p.jobs[node] = job
    local writes = p.writes
    if writes then
      local n = #writes
      writes[n + 1], writes[n + 2] = node, job
    else
      p.writes = { node, job }
    end
    for j = 1, before_n, 2 do
      p.counted[before[j]] = true
    end
    for j = 1, released_n, 3 do
      local next_node, route = released[j], released[j + 1]
      local old = p.resumed and (p.jobs[next_node] or try('HGET', p.jobs_key, next_node))
      if old and type(old) == 'string' and #old == RECORD_SIZE and byte(old) == BLOCKED then
        -- It was begun before its process went on after a failure, and keeps its counts.
        p.jobs[next_node] = '\1' .. NOW_BYTES .. NOBODY .. sub(old, 26, 37) .. '\0\0\0\0' .. sub(old, 42, 54) .. route
      else
        p.jobs[next_node] = FRESH_HEAD .. route
      end
      fresh[#fresh + 1] = { member = p.id .. next_node, node = next_node, route = route, since = NOW, p = p }
      if released[j + 2] == 1 then
        p.outcome, changed[p] = 1, true
      end
    end
    if flags % WITH_ERROR >= LAST then
      p.phase, p.ended, changed[p] = ENDED, true, true
      ended = ended .. p.id
    end
  end
  recorded[i] = answer
end
