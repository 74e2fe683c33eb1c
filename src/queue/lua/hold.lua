-- Holds a budget, unless it is held for longer already. ARGV: hold key, ms.
if redis.call('PTTL', base .. ARGV[1]) < tonumber(ARGV[2]) then redis.call('SET', base .. ARGV[1], 1, 'PX', ARGV[2]) end
return 1
