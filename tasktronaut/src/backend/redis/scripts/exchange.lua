-- ARGV: worker, packed: how many jobs are wanted and a random number, packed ends.
-- Answer, in one string: milliseconds until the next job is due, plus one, or 0; more; unknown; whether something ready is
-- left to others; how many ends; a byte for each; how many processes have ended; their keys; packed claims.

return pack('<I8BBBI4', next_due and math.max(next_due - NOW, 0) + 1 or 0, more, unknown, left_ready, #recorded)
  .. table.concat(recorded) .. pack('<I4', #ended / 8) .. ended .. table.concat(claims)
