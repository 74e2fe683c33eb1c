-- Names the heads of some lanes. ARGV: queue, user, queue, user, … Returns one id a lane, '' for an empty one.
local ids = {}
for i = 1, #ARGV, 2 do
  local entry = redis.call('LINDEX', lane_key(ARGV[i], ARGV[i + 1]), 0)
  ids[#ids + 1] = entry and head_of(entry) or ''
end
return ids
