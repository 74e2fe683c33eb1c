-- Begins an attempt at a lane's head. ARGV: queue, user, id, channel, hold key.
-- Returns false when this message is not the head (any more), else what earlier attempts left behind.
local queue, user, id = ARGV[1], ARGV[2], ARGV[3]
local entry = redis.call('LINDEX', lane_key(queue, user), 0)
if not entry or head_of(entry) ~= id then return false end
local key = attempt_key(queue, user)
local state = redis.call('HMGET', key, 'id', 'attempts', 'doubt', 'spent', 'plan', 'parts')
if state[1] ~= id then
  redis.call('DEL', key)
  state = {}
end
local attempt = (tonumber(state[2] or 0)) + 1
-- In doubt until the outcome is known: a process that dies now may have delivered.
redis.call('HSET', key, 'id', id, 'attempts', attempt, 'doubt', 1)
local blocked = redis.call('HGET', base .. 'blocked:' .. ARGV[4], user)
local held = redis.call('PTTL', base .. ARGV[5])
return {
  entry, attempt, state[3] or '0', state[4] or '0', state[5] or '', state[6] or '0',
  (blocked and string.sub(blocked, 1, 1) == 'b') and 1 or 0, held > 0 and held or 0,
}
