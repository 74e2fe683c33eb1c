-- Gives up a lock, if it is still ours. ARGV: lock, token.
if redis.call('GET', base .. ARGV[1]) == ARGV[2] then redis.call('DEL', base .. ARGV[1]) end
return 1
