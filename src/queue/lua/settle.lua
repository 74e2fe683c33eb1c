-- Ends an attempt that will be followed by another one. ARGV: queue, user, id, attempts, doubt, spent ms, journal, field, step.
local queue, user, id = ARGV[1], ARGV[2], ARGV[3]
local key = attempt_key(queue, user)
if redis.call('HGET', key, 'id') ~= id then return 0 end
redis.call('HSET', key, 'attempts', ARGV[4], 'doubt', ARGV[5], 'spent', ARGV[6])
step(base .. ARGV[7], ARGV[8], ARGV[9])
return 1
