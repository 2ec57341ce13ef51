-- Writes what was noted: first what is taken out, then what is put in.

for turn = 1, 2 do
  local list = turn == 1 and OUT or IN
  for i = 1, #list, 3 do
    local values = list[i + 2]
    if #values <= CHUNK then
      call(list[i], list[i + 1], unpack(values))
    else
      for from = 1, #values, CHUNK do
        call(list[i], list[i + 1], unpack(values, from, math.min(from + CHUNK - 1, #values)))
      end
    end
  end
end
