-- Takes a delivered or given-up head off its lane, files the dead letter and the receipt, and names the next head.
-- ARGV: queue, user, id, now, journal, field, step, letter, then receipt queue, receipt lane, receipt entry ('' for none),
-- the token of the attempt that gives the message up ('' for a delivery), and what `take` needs to begin an attempt at the next head: channel, hold
-- key, ms after which a request's key is new again, token, ms for which a debt is young; none of them when it is not to be taken.
-- An attempt that was overtaken cannot give up: the message may just be arriving.
-- Returns the id of the lane's next head, or what `take` says of it; '' when the lane is empty now, or false when nothing was done.
local queue, user, id, now = ARGV[1], ARGV[2], ARGV[3], ARGV[4]
local lane = lane_key(queue, user)
local entry, following = unpack(redis.call('LRANGE', lane, 0, 1))
if not entry then return false end
if not is_of(entry, id) then
  local head = head_of(entry)
  -- Was it done before, when the answer was lost?
  if not ARGV[13] or redis.call('HGET', attempt_key(queue, user), 'token') ~= ARGV[16] then return false end
  return run.take({ queue, user, head, ARGV[13], ARGV[14], now, ARGV[15], ARGV[16], ARGV[17], '' }) or head
end
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
if ARGV[9] ~= '' then
  count(ARGV[9], 1)
  append(ARGV[9], ARGV[10], ARGV[11])
end
redis.call('LPOP', lane)
redis.call('DEL', attempt_key(queue, user))
owe_no_more(queue, user, id)
count(queue, -1)
step(base .. ARGV[5], ARGV[6], ARGV[7])
if following then
  local next_id, at = head_of(following)
  local before = replayed(queue, next_id)
  put(base .. 'lanes:' .. queue, user, before and before.at or at)
  owe(queue, user, next_id)
  if not ARGV[13] then return next_id end
  return run.take({ queue, user, next_id, ARGV[13], ARGV[14], now, ARGV[15], ARGV[16], ARGV[17], '' }, following) or next_id
end
put(base .. 'lanes:' .. queue, user, false)
return ''
