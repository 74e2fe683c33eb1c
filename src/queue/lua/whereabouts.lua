-- Tells how messages stand, each by trace and lane in one moment. ARGV: how far to look into a lane, then 5 values a message:
-- journal, field, queue, user, id.
-- Returns 3 values a message: its trace ('' if it is gone), its place in its lane (0: the head; -1: not there), and 1 if it is being delivered.
local depth = tonumber(ARGV[1])
local places = {}

local function places_in(lane)
  if not places[lane] then
    local found = {}
    for index, entry in ipairs(redis.call('LRANGE', lane, 0, depth - 1)) do found[head_of(entry)] = index - 1 end
    places[lane] = found
  end
  return places[lane]
end

local answers = {}
for i = 2, #ARGV, 5 do
  local queue, user, id = ARGV[i + 2], ARGV[i + 3], ARGV[i + 4]
  local lane = lane_key(queue, user)
  local place = places_in(lane)[id] or (redis.call('LLEN', lane) > depth and depth or -1)
  answers[#answers + 1] = redis.call('HGET', base .. ARGV[i], ARGV[i + 1]) or ''
  answers[#answers + 1] = place
  answers[#answers + 1] = place == 0 and under_way(queue, user, id) and 1 or 0
end
return answers
