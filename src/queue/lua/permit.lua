-- One request budget shared by all processes, spread evenly by Redis' own clock (see pace.ts for why it never exceeds its limits).
-- ARGV: name, ms between two requests, ms by which one may come early, requests that may come at once, ms by which those after a
-- rest of all or of the one who asks may be sent later than others, requests wanted, further ones wanted only if nobody has to
-- wait for them, urgency (0 is most urgent), who asks.
-- Returns how many are granted now, and in how many ms to ask again for the rest.
local bucket, wanted, who = base .. 'budget:' .. ARGV[1], base .. 'wanted:' .. ARGV[1] .. ':', ARGV[9]
local spacing, early, at_once, cold = tonumber(ARGV[2]), tonumber(ARGV[3]), tonumber(ARGV[4]), tonumber(ARGV[5])
local count, extra, urgency = tonumber(ARGV[6]), tonumber(ARGV[7]), tonumber(ARGV[8])
local time = redis.call('TIME')
local now = time[1] * 1000 + time[2] / 1000
local held = redis.call('PTTL', base .. 'hold:' .. ARGV[1])
if held > 0 then return { 0, held } end

-- Who is told to wait is remembered until somewhat later than it will ask again, lest it died meanwhile.
local function wait_for(ms)
  if count == 0 then return ms end
  redis.call('ZADD', wanted .. urgency, now + ms + 200, who)
  redis.call('PEXPIRE', wanted .. urgency, ms + 1000)
  return ms
end

-- Whoever waits for something more urgent, in whatever process, goes first.
for more = 0, urgency - 1 do
  if redis.call('ZCOUNT', wanted .. more, now, '+inf') > 0 then return { 0, wait_for(math.max(10, math.ceil(spacing))) } end
end

-- The moment at which the next request is due. Nobody is ever told to wait for longer than what comes at once has to be made up
-- for: a later moment was written by a clock that has been set back since (another server after a failover).
local due = tonumber(redis.call('GET', bucket) or '0')
local latest = now + (at_once + 1) * spacing + early + cold
if due > latest then
  due = latest
  redis.call('SET', bucket, string.format('%.3f', due), 'PX', math.ceil(latest - now) + 1000)
end
local free = math.min(at_once, 1 + math.floor((early + now - due) / spacing))
local granted = math.max(0, math.min(free, count))
if free >= count + extra then granted = count + extra end
if granted > 0 then
  local from = math.max(due, now)
  if cold > 0 then
    -- Who was granted nothing for 20 s may have no connection yet, or none any more.
    local granted_at = base .. 'granted:' .. ARGV[1] .. ':' .. who
    local latest_grant = tonumber(redis.call('GET', granted_at) or '-inf')
    if now - due >= 1000 or now - latest_grant >= 20000 then from = from + cold end
    redis.call('SET', granted_at, string.format('%.3f', now), 'PX', 21000)
  end
  due = from + granted * spacing
  -- Forgotten when it makes no difference any more: after so long a rest as many may come at once as ever may.
  redis.call('SET', bucket, string.format('%.3f', due), 'PX', math.ceil(due - now + at_once * spacing) + 1000)
end
if granted >= count then
  redis.call('ZREM', wanted .. urgency, who)
  return { granted, 0 }
end
-- Those who need thousands a second are not asked back for every single one.
local next_ones = math.max(1, math.min(count - granted, math.floor(early / 2 / spacing)))
return { granted, wait_for(math.max(1, math.ceil(due - early + (next_ones - 1) * spacing - now))) }
