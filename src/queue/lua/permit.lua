-- One request budget shared by all processes: a leaky bucket by Redis' own clock.
-- ARGV: name, ms between two requests, requests that may come at once after a rest, requests wanted, urgency (0 is most urgent), who asks.
-- Returns how many are granted now, and in how many ms to ask again for the rest.
local bucket, wanted, who = base .. 'budget:' .. ARGV[1], base .. 'wanted:' .. ARGV[1] .. ':', ARGV[6]
local spacing, burst, count, urgency = tonumber(ARGV[2]), tonumber(ARGV[3]), tonumber(ARGV[4]), tonumber(ARGV[5])
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
local held = redis.call('PTTL', base .. 'hold:' .. ARGV[1])
if held > 0 then return { 0, held } end

-- Who is told to wait is remembered until somewhat later than it will ask again, lest it died meanwhile.
local function wait_for(ms)
  redis.call('ZADD', wanted .. urgency, now + ms + 200, who)
  redis.call('PEXPIRE', wanted .. urgency, ms + 1000)
  return ms
end

-- Whoever waits for something more urgent, in whatever process, goes first.
for more = 0, urgency - 1 do
  if redis.call('ZCOUNT', wanted .. more, now, '+inf') > 0 then return { 0, wait_for(math.max(10, math.ceil(spacing))) } end
end
local due = math.max(tonumber(redis.call('GET', bucket) or '0'), now)
local granted = 0
while granted < count and due - now <= (burst - 1) * spacing do
  due = due + spacing
  granted = granted + 1
end
if granted > 0 then redis.call('SET', bucket, due, 'PX', math.ceil(due - now) + 1000) end
if granted == count then
  redis.call('ZREM', wanted .. urgency, who)
  return { granted, 0 }
end
return { granted, wait_for(math.max(1, math.ceil(due - now - (burst - 1) * spacing))) }
