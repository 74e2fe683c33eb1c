-- One request budget shared by all processes: a leaky bucket by Redis' own clock.
-- ARGV: name, ms between two requests, requests that may come at once after a rest, requests wanted, urgency (0 is most urgent).
-- Returns how many are granted now, and in how many ms to ask again for the rest.
local bucket, wanted = base .. 'budget:' .. ARGV[1], base .. 'wanted:' .. ARGV[1] .. ':'
local spacing, burst, count, urgency = tonumber(ARGV[2]), tonumber(ARGV[3]), tonumber(ARGV[4]), tonumber(ARGV[5])
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
local held = redis.call('PTTL', base .. 'hold:' .. ARGV[1])
if held > 0 then return { 0, held } end
-- Whoever waits for something more urgent, in whatever process, goes first.
for more = 0, urgency - 1 do
  if redis.call('EXISTS', wanted .. more) == 1 then return { 0, math.max(10, math.ceil(spacing)) } end
end
local due = math.max(tonumber(redis.call('GET', bucket) or '0'), now)
local granted = 0
while granted < count and due - now <= (burst - 1) * spacing do
  due = due + spacing
  granted = granted + 1
end
if granted > 0 then redis.call('SET', bucket, due, 'PX', math.ceil(due - now) + 1000) end
if granted == count then return { granted, 0 } end
local wait = math.max(1, math.ceil(due - now - (burst - 1) * spacing))
redis.call('SET', wanted .. urgency, 1, 'PX', wait + 200)
return { granted, wait }
