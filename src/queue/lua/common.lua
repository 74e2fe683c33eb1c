-- Shared by all scripts. Every key starts with KEYS[1], which carries the hash tag, so that one slot holds them all.
local base = KEYS[1]

-- A lane's entry is "<id> <receivedAt> <envelope>".
local function head_of(entry)
  return string.match(entry, '^(%S+) (%d+) ')
end

-- Is this the entry of that message?
local function is_of(entry, id)
  return entry and string.sub(entry, 1, #id + 1) == id .. ' '
end

local function lane_key(queue, user) return base .. 'lane:' .. queue .. ':' .. user end
local function attempt_key(queue, user) return base .. 'attempt:' .. queue .. ':' .. user end

-- Redis' own clock, in ms: those of several machines may differ.
local time
local function clock()
  if not time then
    local now = redis.call('TIME')
    time = now[1] * 1000 + math.floor(now[2] / 1000)
  end
  return time
end

-- Changes of what all lanes share. A script that makes many of them gathers them first: one command for all costs hardly more than one for each.
local owed = base .. 'owed'
local gathers = false
local scores, counts = {}, {}

-- Gives a member of a sorted set its score, or takes it out (false).
local function put(key, member, score)
  if gathers then
    local set = scores[key]
    if not set then
      set = {}
      scores[key] = set
    end
    set[member] = score
  elseif score then
    redis.call('ZADD', key, score, member)
  else
    redis.call('ZREM', key, member)
  end
end

local function score_of(key, member)
  local score = scores[key] and scores[key][member]
  if score == nil then return redis.call('ZSCORE', key, member) end
  return score
end

local function count(queue, more)
  if gathers then
    counts[queue] = (counts[queue] or 0) + more
  else
    redis.call('HINCRBY', base .. 'depth', queue, more)
  end
end

-- Lua can hand over some thousand values at once.
local most_values = 1000

local function make_changes()
  local function call(command, key, values)
    for from = 1, #values, most_values do
      redis.call(command, key, unpack(values, from, math.min(from + most_values - 1, #values)))
    end
  end
  local function change(key, set)
    local added, removed = {}, {}
    for member, score in pairs(set) do
      if score then
        added[#added + 1] = score
        added[#added + 1] = member
      else
        removed[#removed + 1] = member
      end
    end
    call('ZADD', key, added)
    call('ZREM', key, removed)
  end
  -- Debts first: whatever fails after them is mended by the sweep.
  if scores[owed] then change(owed, scores[owed]) end
  for key, set in pairs(scores) do
    if key ~= owed then change(key, set) end
  end
  for queue, more in pairs(counts) do
    if more ~= 0 then redis.call('HINCRBY', base .. 'depth', queue, more) end
  end
end

-- Writes down that a head is owed a job, as of now.
local function owe(queue, user, id) put(owed, queue .. ' ' .. user .. ' ' .. id, clock()) end

local function owe_no_more(queue, user, id) put(owed, queue .. ' ' .. user .. ' ' .. id, false) end

-- Is a head in the hands of a process that is alive? It keeps the debt young. A debt of the future is from a Redis whose clock was ahead.
local function in_hands(queue, user, id, young_ms)
  local since = score_of(owed, queue .. ' ' .. user .. ' ' .. id)
  local age = since and clock() - since
  return age and age < tonumber(young_ms) and age > -1000
end

-- Appends an entry that was counted. A lane that was empty gets a head, which is owed a job until somebody confirms that it has one.
-- A command can fail (a key of another type, a right that is missing), and what was done before it stays: so the entry comes last,
-- and nothing that is written before it does harm without it.
local function append(queue, user, entry)
  local lane = lane_key(queue, user)
  if redis.call('RPUSHX', lane, entry) > 0 then return false end
  local id, at = head_of(entry)
  owe(queue, user, id)
  put(base .. 'lanes:' .. queue, user, at)
  redis.call('RPUSH', lane, entry)
  return true
end

-- Are there any? Asked once; nothing is added by scripts that ask.
local any = {}
local function has_any(key)
  if any[key] == nil then any[key] = redis.call('EXISTS', key) == 1 end
  return any[key]
end

-- For how long a key will still be there, in ms; not above 0 when there is none.
local left = {}
local function time_left(key)
  left[key] = left[key] or redis.call('PTTL', key)
  return left[key]
end

-- What a message that was given up and then put back into its lane goes on from; nil for all others.
local function replayed(queue, id)
  if not has_any(base .. 'replayed:' .. queue) then return nil end
  local text = redis.call('HGET', base .. 'replayed:' .. queue, id)
  return text and cjson.decode(text) or nil
end

-- Has an attempt at this head begun, and not ended? (Or has its process died: another one begins anew within seconds.)
local function under_way(queue, user, id)
  local state = redis.call('HMGET', attempt_key(queue, user), 'id', 'open')
  return state[1] == id and state[2] == '1'
end

-- The content of a lane's head is gone: an attempt that is under way must not make requests from it.
local function stop_attempt(queue, user, id)
  local key = attempt_key(queue, user)
  if redis.call('HGET', key, 'id') ~= id then return end
  redis.call('HSET', key, 'withdrawn', 1)
  redis.call('HDEL', key, 'plan')
end

-- Adds a step to a message's trace. A trace stays short: beyond this length further failed attempts are only counted in the log.
local function step(journal, field, text)
  if text == '' then return end
  local trace = redis.call('HGET', journal, field)
  if trace and (#trace < 600 or string.sub(text, 2, 2) ~= 'f') then
    redis.call('HSET', journal, field, trace .. text)
  end
end
