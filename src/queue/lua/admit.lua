-- Takes the events of one or several webhook bodies: each is stored exactly once, or none of them is.
-- An event is noted after its content is stored: should a command fail in between, its repeat is welcome and not taken for one.
-- ARGV: now, days remembered, seconds a journal is kept, then one value an event, of three lines:
--   1. kind, queue, user, day, days to look back, days to look ahead (0 or 1), shard, field, mark, its time; separated by spaces
--   2. the trace that starts
--   3. by kind: m a message, its lane entry; n only noted, ''; w one that takes a message back, "id shard field entry": of the message that
--      was taken back, and the lane entry of one that tells of it, or takes its place ('' for none);
--      l a message that the contact centre could not show, its "letter-id letter"
-- Returns one number an event: 0 a repeat, 1 stored behind others, 2 stored as the head of its lane, 3 noted.
local now, days, keep = ARGV[1], tonumber(ARGV[2]), ARGV[3]

-- Is the field in a journal of today or of the days before, or of tomorrow, where another process' clock may already be?
local function seen(today, back, ahead, shard, field)
  for day = today + ahead, today - back, -1 do
    if redis.call('HEXISTS', base .. 'journal:' .. day .. ':' .. shard, field) == 1 then return true end
  end
  return false
end

-- Notes a message in today's journal.
local function note(today, shard, field, trace)
  local journal = base .. 'journal:' .. today .. ':' .. shard
  redis.call('HSET', journal, field, trace)
  if redis.call('HLEN', journal) == 1 then redis.call('EXPIRE', journal, keep) end
end

-- b: blocked, u: unblocked, m: a message, which only matters to somebody who is marked already. The later time wins.
local function mark_customer(queue, user, mark, at)
  local key = base .. 'blocked:' .. string.match(queue, '^[^-]+')
  local last = redis.call('HGET', key, user)
  if last then
    if tonumber(at) >= tonumber(string.sub(last, 2)) then redis.call('HSET', key, user, (mark == 'b' and 'b' or 'u') .. at) end
  elseif mark ~= 'm' then
    redis.call('HSET', key, user, mark .. at)
  end
end

-- What waits loses its content, and the requests made from it, and keeps its place; what has not come yet is known already when it comes.
-- The same goes for what had taken the place of the message before: its envelope names that in the open.
local function withdraw(queue, user, id, shard, field, today, trace)
  if not seen(today, days, 1, shard, field) then note(today, shard, field, trace) end
  local lane = lane_key(queue, user)
  local successor = '"o":"' .. id .. '"'
  for index, entry in ipairs(redis.call('LRANGE', lane, 0, -1)) do
    local found, at = head_of(entry)
    if found == id or string.find(entry, successor, 1, true) then
      redis.call('LSET', lane, index - 1, found .. ' ' .. at .. ' withdrawn')
      redis.call('HDEL', base .. 'replayed:' .. queue, found)
      if index == 1 then stop_attempt(queue, user, found) end
    end
  end
  redis.call('ZADD', base .. 'unsent', now, queue .. ' ' .. user .. ' ' .. id)
end

-- Stores an entry, and counts it when all is done. Whether it can be counted shows first.
local function store(queue, user, entry)
  if not counts[queue] then
    redis.call('HINCRBY', base .. 'depth', queue, 0)
    counts[queue] = 0
  end
  local first = append(queue, user, entry)
  counts[queue] = counts[queue] + 1
  return first and 2 or 1
end

local answers = {}

local function take_events()
  for i = 4, #ARGV do
    local kind, queue, user, today, back, ahead, shard, field, mark, at, trace, content =
      string.match(ARGV[i], '^(%S+) (%S+) (%S+) (%S+) (%S+) (%S+) (%S+) (%S+) (%S+) (%S+)\n([^\n]*)\n(.*)$')
    local answer = 0
    today = tonumber(today)
    if not seen(today, tonumber(back), tonumber(ahead), shard, field) then
      answer = 3
      if mark ~= '-' then mark_customer(queue, user, mark, at) end
      if kind == 'm' then
        answer = store(queue, user, content)
      elseif kind == 'w' then
        local id, target_shard, target_field, entry = string.match(content, '^(%S+) (%S+) (%S+) (.*)$')
        withdraw(queue, user, id, target_shard, target_field, today, trace)
        if entry ~= '' then answer = store(queue, user, entry) end
      elseif kind == 'l' then
        local id, letter = string.match(content, '^(%S+) (.*)$')
        redis.call('HSET', base .. 'letters:' .. queue, id, letter)
        redis.call('ZADD', base .. 'dead:' .. queue, now, id)
        redis.call('ZADD', base .. 'unresolved', now, queue .. ' ' .. id)
      end
      note(today, shard, field, trace)
    end
    answers[i - 3] = answer
  end
end

local ok, failure = pcall(take_events)
-- Also when one of them has failed: those before it are stored.
make_changes()
if not ok then return type(failure) == 'table' and failure or redis.error_reply(tostring(failure)) end
return answers
