-- Shared by all scripts. Every key starts with KEYS[1], which carries the hash tag, so that one slot holds them all.
local base = KEYS[1]

-- A lane's entry is "<id> <receivedAt> <envelope>".
local function head_of(entry)
  return string.match(entry, '^(%S+) (%d+) ')
end

local function lane_key(queue, user) return base .. 'lane:' .. queue .. ':' .. user end
local function attempt_key(queue, user) return base .. 'attempt:' .. queue .. ':' .. user end

-- Appends an entry. A lane that was empty gets a head, which is owed a job until somebody confirms that it has one.
-- A command can fail (a key of another type, a right that is missing), and what was done before it stays: so the entry comes last,
-- and nothing that is written before it does harm without it.
local function append(queue, user, entry, now)
  local lane = lane_key(queue, user)
  local first = redis.call('LLEN', lane) == 0
  if first then
    local id, at = head_of(entry)
    redis.call('ZADD', base .. 'owed', now, queue .. ' ' .. user .. ' ' .. id)
    redis.call('ZADD', base .. 'lanes:' .. queue, at, user)
  end
  redis.call('HINCRBY', base .. 'depth', queue, 1)
  redis.call('RPUSH', lane, entry)
  return first
end

-- What a message that was given up and then put back into its lane goes on from; nil for all others.
local function replayed(queue, id)
  local text = redis.call('HGET', base .. 'replayed:' .. queue, id)
  return text and cjson.decode(text) or nil
end

-- Has an attempt at this head begun, and not ended? (Or has its process died: another one begins anew within seconds.)
local function under_way(queue, user, id)
  local state = redis.call('HMGET', attempt_key(queue, user), 'id', 'open')
  return state[1] == id and state[2] == '1'
end

-- Adds a step to a message's trace. A trace stays short: beyond this length further failed attempts are only counted in the log.
local function step(journal, field, text)
  if text == '' then return end
  local trace = redis.call('HGET', journal, field)
  if trace and (#trace < 600 or string.sub(text, 2, 2) ~= 'f') then
    redis.call('HSET', journal, field, trace .. text)
  end
end
