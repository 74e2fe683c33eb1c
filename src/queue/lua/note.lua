-- Notes how far the delivery of a lane's head has come. ARGV: queue, user, id, field (plan, parts), value, now, and for a plan
-- the token of the attempt that made it.
-- Returns 0 when the message has left its lane: a note would then fall to the next one. Also for the plan of a message whose content
-- was taken back meanwhile: it must not be kept, and, as plans come before the first request, nothing must be sent. And for the
-- plan of an attempt that was overtaken: another may work by its own already, and a key stands for one exact body.
local key = attempt_key(ARGV[1], ARGV[2])
local state = redis.call('HMGET', key, 'id', 'token', 'parts')
if state[1] ~= ARGV[3] then return 0 end
if ARGV[4] == 'plan' then
  if ARGV[7] ~= '' and state[2] ~= ARGV[7] then return 0 end
  local entry = redis.call('LINDEX', lane_key(ARGV[1], ARGV[2]), 0)
  if entry and string.find(entry, '^%S+ %d+ withdrawn$') then return 0 end
elseif tonumber(state[3] or 0) > tonumber(ARGV[5]) then
  return 1
end
redis.call('HSET', key, ARGV[4], ARGV[5])
-- From now on the key of the first part that is not confirmed can be in use.
redis.call(ARGV[4] == 'parts' and 'HSET' or 'HSETNX', key, 'keyAt', ARGV[6])
return 1
