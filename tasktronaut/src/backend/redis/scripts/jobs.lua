-- ARGV: key (eight bytes). Answer: the jobs, and what is kept beside them.

return { call('HGETALL', PREFIX .. 'j:' .. ARGV[1]), call('HGETALL', PREFIX .. 'x:' .. ARGV[1]) }
