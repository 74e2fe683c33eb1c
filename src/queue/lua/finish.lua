-- Takes a delivered or given-up head off its lane, files the dead letter and the receipt, and names the next head.
-- ARGV: queue, user, id, now, journal, field, step, letter, then receipt queue, receipt lane, receipt entry ('' for none).
-- Returns the id of the lane's next head, '' when the lane is empty now, or false when this message was not the head.
local queue, user, id, now = ARGV[1], ARGV[2], ARGV[3], ARGV[4]
local lane = lane_key(queue, user)
local entry = redis.call('LINDEX', lane, 0)
if not entry or head_of(entry) ~= id then return false end
redis.call('LPOP', lane)
redis.call('DEL', attempt_key(queue, user))
redis.call('HINCRBY', base .. 'depth', queue, -1)
step(base .. ARGV[5], ARGV[6], ARGV[7])
if ARGV[8] ~= '' then
  redis.call('HSET', base .. 'letters:' .. queue, id, ARGV[8])
  redis.call('ZADD', base .. 'dead:' .. queue, now, id)
end
if ARGV[9] ~= '' then append(ARGV[9], ARGV[10], ARGV[11], now) end
local following = redis.call('LINDEX', lane, 0)
if following then
  local next_id, at = head_of(following)
  redis.call('ZADD', base .. 'lanes:' .. queue, at, user)
  redis.call('ZADD', base .. 'owed', now, queue .. ' ' .. user .. ' ' .. next_id)
  return next_id
end
redis.call('ZREM', base .. 'lanes:' .. queue, user)
return ''
