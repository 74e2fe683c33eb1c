-- Begins an attempt at a lane's head. ARGV: queue, user, id, channel, hold key, now, ms after which a request's key is new again,
-- and a token by which the attempt is known.
-- Returns false when this message is not the head (any more), else what earlier attempts left behind.
local queue, user, id, now = ARGV[1], ARGV[2], ARGV[3], tonumber(ARGV[6])
local entry = redis.call('LINDEX', lane_key(queue, user), 0)
if not entry or head_of(entry) ~= id then return false end
local key = attempt_key(queue, user)
local state = redis.call('HMGET', key, 'id', 'attempts', 'doubt', 'spent', 'plan', 'parts', 'keyAt', 'open')
if state[1] ~= id then
  redis.call('DEL', key)
  state = {}
  -- A message that was given up before goes on where it stood, with all its attempts anew.
  local before = replayed(queue, id)
  if before then
    state[3], state[5], state[6], state[7] = before.doubt and '1' or '0', before.plan, before.partsDone, before.keyUsedAt
    redis.call('HSET', key, 'order', before.order)
    if before.plan then redis.call('HSET', key, 'plan', before.plan, 'parts', before.partsDone or 0) end
    if before.keyUsedAt then redis.call('HSET', key, 'keyAt', before.keyUsedAt) end
    redis.call('HDEL', base .. 'replayed:' .. queue, id)
  end
end
local attempt = (tonumber(state[2] or 0)) + 1
-- Nothing has arrived under the key, and its time is over: with this attempt it begins again.
if state[7] and state[3] ~= '1' and now - tonumber(state[7]) >= tonumber(ARGV[7]) then
  state[7] = ARGV[6]
  redis.call('HSET', key, 'keyAt', ARGV[6])
end
-- In doubt until the outcome is known: a process that dies now may have delivered.
redis.call('HSET', key, 'id', id, 'attempts', attempt, 'token', ARGV[8], 'doubt', 1, 'open', 1)
local blocked = redis.call('HGET', base .. 'blocked:' .. ARGV[4], user)
local held = redis.call('PTTL', base .. ARGV[5])
return {
  entry, attempt, state[3] or '0', state[4] or '0', state[5] or '', tostring(state[6] or '0'),
  (blocked and string.sub(blocked, 1, 1) == 'b') and 1 or 0, held > 0 and held or 0,
  state[7] and string.format('%.0f', tonumber(state[7])) or '', state[8] == '1' and 1 or 0,
}
