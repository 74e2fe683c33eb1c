-- Notes how far the delivery of a lane's head has come. ARGV: queue, user, id, field (plan, parts), value, now, and for a plan
-- the token of the attempt that made it.
-- Returns 0 when the message has left its lane: a note would then fall to the next one. Also for the plan of a message whose content
-- was taken back meanwhile: it must not be kept, and, as plans come before the first request, nothing must be sent. And for the
-- plan of an attempt that was overtaken: another may work by its own already, and a key stands for one exact body.
local key = attempt_key(ARGV[1], ARGV[2])
local state = redis.call('HMGET', key, 'id', 'token', 'parts', 'withdrawn', 'keyAt')
if state[1] ~= ARGV[3] then return 0 end
if ARGV[4] == 'plan' then
  if ARGV[7] ~= '' and state[2] ~= ARGV[7] then return 0 end
  if state[4] then return 0 end
elseif tonumber(state[3] or 0) > tonumber(ARGV[5]) then
  return 1
end
-- From now on the key of the first part that is not confirmed can be in use.
local key_at = ARGV[4] == 'plan' and state[5] or ARGV[6]
redis.call('HSET', key, ARGV[4], ARGV[5], 'keyAt', key_at)
return 1
