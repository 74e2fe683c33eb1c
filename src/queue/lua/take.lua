-- Begins an attempt at a lane's head. ARGV: queue, user, id, channel, hold key, now, ms after which a request's key is new again,
-- a token by which the attempt is known, for how long a debt is young, the turn whose job this is (0 for heads that have never
-- waited, '' for any), and '1' if there is no job.
-- Returns false when this message is not the head (any more), or in the hands of a process that is alive, or when it waits for a later
-- turn, or has no job and its queue is stopped; else what earlier attempts left behind. From now on it is in the hands of who takes it,
-- and owed a job should they let go of it.
-- `known`: the head's entry, when whoever asks has just ended the one before it; then there is no attempt yet.
local queue, user, id, now = ARGV[1], ARGV[2], ARGV[3], tonumber(ARGV[6])
if ARGV[11] == '1' and redis.call('HEXISTS', base .. 'paused', queue) == 1 then return false end
local entry = known or redis.call('LINDEX', lane_key(queue, user), 0)
if not is_of(entry, id) then return false end
local key = attempt_key(queue, user)
local state = known and {} or redis.call('HMGET', key, 'id', 'attempts', 'doubt', 'spent', 'plan', 'parts', 'keyAt', 'open', 'token', 'turn', 'was')
local again = state[1] == id and state[9] == ARGV[8]
if state[1] ~= id then
  if not known then redis.call('DEL', key) end
  state = {}
  -- A message that was given up before goes on where it stood, with all its attempts anew.
  local before = replayed(queue, id)
  if before then
    state[3], state[5], state[6], state[7] = before.doubt and '1' or '0', before.plan, before.partsDone, before.keyUsedAt
    -- Jobs for turns of its earlier life come for nothing.
    redis.call('HSET', key, 'order', before.order, 'turn', before.order * 1000)
    if before.plan then redis.call('HSET', key, 'plan', before.plan, 'parts', before.partsDone or 0) end
    if before.keyUsedAt then redis.call('HSET', key, 'keyAt', before.keyUsedAt) end
    redis.call('HDEL', base .. 'replayed:' .. queue, id)
  end
end
-- The same question asked once more, because its answer was lost, is no further attempt.
if again then state[2], state[3], state[8] = state[2] - 1, state[11], '0' end
if state[8] == '1' and in_hands(queue, user, id, ARGV[9]) then return false end
if ARGV[10] ~= '' and state[10] and state[10] ~= ARGV[10] then return false end
owe(queue, user, id)
local attempt = (tonumber(state[2] or 0)) + 1
-- Nothing has arrived under the key, and its time is over: with this attempt it begins again.
if state[7] and state[3] ~= '1' and now - tonumber(state[7]) >= tonumber(ARGV[7]) then
  state[7] = ARGV[6]
  redis.call('HSET', key, 'keyAt', ARGV[6])
end
-- In doubt until the outcome is known: a process that dies now may have delivered.
redis.call('HSET', key, 'id', id, 'attempts', attempt, 'token', ARGV[8], 'doubt', 1, 'was', state[3] or 0, 'open', 1)
local blockers = base .. 'blocked:' .. ARGV[4]
local blocked = has_any(blockers) and redis.call('HGET', blockers, user)
local held = time_left(base .. ARGV[5])
return {
  entry, attempt, state[3] or '0', state[4] or '0', state[5] or '', tostring(state[6] or '0'),
  (blocked and string.sub(blocked, 1, 1) == 'b') and 1 or 0, held > 0 and held or 0,
  state[7] and string.format('%.0f', tonumber(state[7])) or '', state[8] == '1' and 1 or 0,
}
