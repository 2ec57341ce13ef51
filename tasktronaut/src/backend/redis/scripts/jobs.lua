-- ARGV: key. Answer: the jobs, and what is kept beside them.

return { call('HGETALL', key_of('j', ARGV[1])), call('HGETALL', key_of('x', ARGV[1])) }
