-- Writes what was noted: first what is taken out, then what is put in.

-- A key that somebody has made one of another type stays as it is: what belongs to others is written all the same.
local function write(command, key, ...)
  local answer = try(command, key, ...)
  if type(answer) == 'table' and answer.err and not string.find(answer.err, 'WRONGTYPE', 1, true) then
    error(answer.err)
  end
end

for turn = 1, 2 do
  local list = turn == 1 and OUT or IN
  for i = 1, #list, 3 do
    local values = list[i + 2]
    if #values <= CHUNK then
      write(list[i], list[i + 1], unpack(values))
    else
      for from = 1, #values, CHUNK do
        write(list[i], list[i + 1], unpack(values, from, math.min(from + CHUNK - 1, #values)))
      end
    end
  end
end
