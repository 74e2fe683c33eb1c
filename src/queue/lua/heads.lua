-- Names the heads of some lanes. ARGV: queue, user, queue, user, … Returns one id a lane, '' for an empty one, which then does not
-- count as one that waits: a script that failed may have left it so.
local ids = {}
for i = 1, #ARGV, 2 do
  local entry = redis.call('LINDEX', lane_key(ARGV[i], ARGV[i + 1]), 0)
  ids[#ids + 1] = entry and head_of(entry) or ''
  if not entry then redis.call('ZREM', base .. 'lanes:' .. ARGV[i], ARGV[i + 1]) end
end
return ids
