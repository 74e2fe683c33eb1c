-- Lets a head that was to be tried wait for another turn. ARGV: queue, user, id, its turn ('' when its job has none), for how long a debt is young.
-- It is owed the job of its next turn.
-- Returns the turn for which it waits now; 0 when this is no head (any more), or waits already, or is in somebody's hands; -1 for one that was never tried.
local queue, user, id = ARGV[1], ARGV[2], ARGV[3]
local entry = redis.call('LINDEX', lane_key(queue, user), 0)
if not entry or head_of(entry) ~= id then return 0 end
local key = attempt_key(queue, user)
local state = redis.call('HMGET', key, 'id', 'open', 'turn')
if state[1] ~= id then return -1 end
if state[2] == '1' and in_hands(queue, user, id, ARGV[5]) then return 0 end
if ARGV[4] ~= '' and state[3] and state[3] ~= ARGV[4] then return 0 end
-- Until its next job is there.
owe(queue, user, id)
redis.call('HSET', key, 'open', 0)
return redis.call('HINCRBY', key, 'turn', 1)
