-- Takes the events of one or several webhook bodies: each is stored exactly once, or none of them is.
-- An event is noted after its content is stored: should a command fail in between, its repeat is welcome and not taken for one.
-- ARGV: now, days remembered, seconds a journal is kept, then three values an event:
--   1. kind, queue, user, day, look ahead (0 or 1), shard, field, mark, its time; separated by spaces
--   2. the trace that starts
--   3. by kind: m a message, its lane entry; n only noted, ''; w one that takes a message back, "id shard field entry": of the message that
--      was taken back, and the lane entry of one that tells of it, or takes its place ('' for none);
--      l a message that the contact centre could not show, its "letter-id letter"
-- Returns one number an event: 0 a repeat, 1 stored behind others, 2 stored as the head of its lane, 3 noted.
local now, days, keep = ARGV[1], tonumber(ARGV[2]), ARGV[3]

-- Is the field in a journal of today or the remembered days before, or of tomorrow, where another process' clock may already be?
local function seen(today, ahead, shard, field)
  for day = today, today - days, -1 do
    if redis.call('HEXISTS', base .. 'journal:' .. day .. ':' .. shard, field) == 1 then return true end
  end
  return ahead == '1' and redis.call('HEXISTS', base .. 'journal:' .. (today + 1) .. ':' .. shard, field) == 1
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
  if not seen(today, '1', shard, field) then note(today, shard, field, trace) end
  local lane = lane_key(queue, user)
  local successor = '"o":"' .. id .. '"'
  for index, entry in ipairs(redis.call('LRANGE', lane, 0, -1)) do
    local found, at = head_of(entry)
    if found == id or string.find(entry, successor, 1, true) then
      redis.call('LSET', lane, index - 1, found .. ' ' .. at .. ' withdrawn')
      redis.call('HDEL', base .. 'replayed:' .. queue, found)
      if index == 1 then redis.call('HDEL', attempt_key(queue, user), 'plan') end
    end
  end
  redis.call('ZADD', base .. 'unsent', now, queue .. ' ' .. user .. ' ' .. id)
end

local answers = {}
for i = 4, #ARGV, 3 do
  local kind, queue, user, today, ahead, shard, field, mark, at =
    string.match(ARGV[i], '^(%S+) (%S+) (%S+) (%S+) (%S+) (%S+) (%S+) (%S+) (%S+)$')
  local trace, content = ARGV[i + 1], ARGV[i + 2]
  local answer = 0
  today = tonumber(today)
  if not seen(today, ahead, shard, field) then
    answer = 3
    if mark ~= '-' then mark_customer(queue, user, mark, at) end
    if kind == 'm' then
      answer = append(queue, user, content, now) and 2 or 1
    elseif kind == 'w' then
      local id, target_shard, target_field, entry = string.match(content, '^(%S+) (%S+) (%S+) (.*)$')
      withdraw(queue, user, id, target_shard, target_field, today, trace)
      if entry ~= '' then answer = append(queue, user, entry, now) and 2 or 1 end
    elseif kind == 'l' then
      local id, letter = string.match(content, '^(%S+) (.*)$')
      redis.call('HSET', base .. 'letters:' .. queue, id, letter)
      redis.call('ZADD', base .. 'dead:' .. queue, now, id)
      redis.call('ZADD', base .. 'unresolved', now, queue .. ' ' .. id)
    end
    note(today, shard, field, trace)
  end
  answers[#answers + 1] = answer
end
return answers
