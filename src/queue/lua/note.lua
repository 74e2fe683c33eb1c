-- Notes how far the delivery of a lane's head has come. ARGV: queue, user, id, field, value.
-- Returns 0 when the message has left its lane: a note would then fall to the next one.
local key = attempt_key(ARGV[1], ARGV[2])
if redis.call('HGET', key, 'id') ~= ARGV[3] then return 0 end
redis.call('HSET', key, ARGV[4], ARGV[5])
return 1
