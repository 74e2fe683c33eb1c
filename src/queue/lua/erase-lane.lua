-- Takes the content out of waiting messages of one lane. They keep their places, so that order and counts stay right, and end
-- without a delivery when they come to the head. ARGV: queue, user, place in the lane to begin at, how many to look at.
-- Returns how many lost their content, and how many were looked at.
local queue, user, from, count = ARGV[1], ARGV[2], tonumber(ARGV[3]), tonumber(ARGV[4])
local lane = lane_key(queue, user)
local entries = redis.call('LRANGE', lane, from, from + count - 1)
local erased = 0
for index, entry in ipairs(entries) do
  local id, at = head_of(entry)
  if id and entry ~= id .. ' ' .. at .. ' withdrawn' then
    redis.call('LSET', lane, from + index - 1, id .. ' ' .. at .. ' withdrawn')
    -- One that was replayed has its plan here until its first attempt.
    redis.call('HDEL', base .. 'replayed:' .. queue, id)
    -- The saved requests hold the words once more.
    if from + index == 1 then stop_attempt(queue, user, id) end
    erased = erased + 1
  end
end
return { erased, #entries }
