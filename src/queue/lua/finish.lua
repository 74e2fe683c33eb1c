-- Takes a delivered or given-up head off its lane, files the dead letter and the receipt, and names the next head.
-- ARGV: queue, user, id, now, journal, field, step, letter, then receipt queue, receipt lane, receipt entry ('' for none),
-- and the token of the attempt that gives the message up ('' for a delivery). One that was overtaken has no say: the message may just be arriving.
-- Returns the id of the lane's next head, '' when the lane is empty now, or false when nothing was done.
local queue, user, id, now = ARGV[1], ARGV[2], ARGV[3], ARGV[4]
local lane = lane_key(queue, user)
local entry = redis.call('LINDEX', lane, 0)
if not entry or head_of(entry) ~= id then return false end
if ARGV[12] ~= '' and redis.call('HGET', attempt_key(queue, user), 'token') ~= ARGV[12] then return false end
-- What has to outlive the entry is written before the entry goes: whatever fails so far, the message is still there, and its ending can be tried again.
if ARGV[8] ~= '' then
  -- What only Redis knows for certain: the entry, whose content may have been erased meanwhile, and how far the delivery came.
  local state = redis.call('HMGET', attempt_key(queue, user), 'order', 'plan', 'parts', 'keyAt')
  local order = state[1] or redis.call('HINCRBY', base .. 'deaths', queue, 1)
  local letter = string.sub(ARGV[8], 1, -2) .. ',"order":' .. order .. ',"entry":' .. cjson.encode(entry)
  if state[2] then letter = letter .. ',"plan":' .. cjson.encode(state[2]) .. ',"partsDone":' .. (state[3] or 0) end
  if state[2] or state[4] then letter = letter .. ',"keyUsedAt":' .. (state[4] or select(2, head_of(entry))) end
  redis.call('HSET', base .. 'letters:' .. queue, id, letter .. '}')
  redis.call('ZADD', base .. 'dead:' .. queue, now, id)
end
if ARGV[9] ~= '' then append(ARGV[9], ARGV[10], ARGV[11], now) end
redis.call('LPOP', lane)
redis.call('DEL', attempt_key(queue, user))
redis.call('ZREM', base .. 'owed', queue .. ' ' .. user .. ' ' .. id)
redis.call('HINCRBY', base .. 'depth', queue, -1)
step(base .. ARGV[5], ARGV[6], ARGV[7])
local following = redis.call('LINDEX', lane, 0)
if following then
  local next_id, at = head_of(following)
  local before = replayed(queue, next_id)
  redis.call('ZADD', base .. 'lanes:' .. queue, before and before.at or at, user)
  redis.call('ZADD', base .. 'owed', now, queue .. ' ' .. user .. ' ' .. next_id)
  return next_id
end
redis.call('ZREM', base .. 'lanes:' .. queue, user)
return ''
