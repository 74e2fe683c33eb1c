-- Ends an attempt that will be followed by another one. ARGV: queue, user, id, attempts, doubt, spent ms, journal, field, step, token.
-- An attempt that was overtaken (Redis was away, and another process took the message for abandoned) has no say any more.
-- Returns the turn for which the message waits now, or 0 when nothing was done.
local queue, user, id = ARGV[1], ARGV[2], ARGV[3]
local key = attempt_key(queue, user)
local state = redis.call('HMGET', key, 'id', 'token')
if state[1] ~= id or state[2] ~= ARGV[10] then return 0 end
redis.call('HSET', key, 'attempts', ARGV[4], 'doubt', ARGV[5], 'spent', ARGV[6], 'open', 0)
step(base .. ARGV[7], ARGV[8], ARGV[9])
return redis.call('HINCRBY', key, 'turn', 1)
