-- ARGV: worker, how many jobs are wanted, a random number, packed ends.
-- Answer: one byte for each end, packed claims, due time or -1, more, packed keys of ended processes, unknown.

-- No lease of the worker runs out before this time. It may be earlier, never later.
if claims_n > 0 then call('ZADD', PREFIX .. 'soon', 'LT', NOW + lease, worker) end
return { table.concat(recorded), table.concat(claims), next_due and math.max(next_due - NOW, 0) or -1, more and 1 or 0,
  table.concat(ended), unknown }
