-- Puts dead letters back into their lanes: never before a lane's head, else by their first reception. Each is moved whole or not at all.
-- ARGV: token of who holds the lock, now, then 7 values a letter: queue, user, id, journal, field, step, 1 to clear its doubt.
-- Returns one number a letter: 0 there is none, 1 it has no content, 2 moved, 3 moved to the head of its lane. Nothing without the lock.
local now = ARGV[2]
if redis.call('GET', base .. 'operating') ~= ARGV[1] then return {} end

-- Is an entry to come after a letter? Among those of one moment, letters keep the order in which they were given up, and what was
-- never given up was behind them.
local function comes_after(queue, entry, at, order)
  local other, other_at = head_of(entry)
  other_at = tonumber(other_at)
  if other_at ~= at then return other_at > at end
  local before = replayed(queue, other)
  return not before or before.order > order
end

-- From the tail: letters mostly come one after the other.
local function insert(queue, user, entry, at, order)
  local lane = lane_key(queue, user)
  local last = redis.call('LLEN', lane) - 1
  local index = last
  while index > 0 do
    local other = redis.call('LINDEX', lane, index)
    if not comes_after(queue, other, at, order) then break end
    index = index - 1
  end
  count(queue, 1)
  if index == last then return append(queue, user, entry) end
  redis.call('LINSERT', lane, 'AFTER', redis.call('LINDEX', lane, index), entry)
  return false
end

local answers = {}
for i = 3, #ARGV, 7 do
  local queue, user, id = ARGV[i], ARGV[i + 1], ARGV[i + 2]
  local text = redis.call('HGET', base .. 'letters:' .. queue, id)
  local letter = text and cjson.decode(text)
  local answer = 0
  if letter then
    answer = 1
    -- An envelope is JSON; a word in its place says why there is none. Nor is it replayed when the customer has just taken it back, and
    -- its content is still to be erased.
    local unsent = redis.call('ZSCORE', base .. 'unsent', queue .. ' ' .. user .. ' ' .. id)
    if not unsent and letter.entry and string.find(letter.entry, '^%S+ %d+ {') then
      local _, at = head_of(letter.entry)
      local order = letter.order or 0
      local early = letter.v == 1 and letter.kind == 'expired'
      -- Written down first: the insertion looks at those that were replayed before.
      redis.call('HSET', base .. 'replayed:' .. queue, id, cjson.encode({
        order = order,
        at = tonumber(now),
        doubt = (letter.doubt or early) and ARGV[i + 6] ~= '1' or false,
        plan = letter.plan,
        partsDone = letter.partsDone,
        keyUsedAt = letter.keyUsedAt or (letter.v == 1 and string.find(queue, '-outbound$') and tonumber(at)) or nil,
      }))
      local first = insert(queue, user, letter.entry, tonumber(at), order)
      -- It waits since now: nobody should be alarmed by the time for which it was dead.
      if first then redis.call('ZADD', base .. 'lanes:' .. queue, now, user) end
      redis.call('HDEL', base .. 'letters:' .. queue, id)
      redis.call('ZREM', base .. 'dead:' .. queue, id)
      step(base .. ARGV[i + 3], ARGV[i + 4], ARGV[i + 5])
      answer = first and 3 or 2
    end
  end
  answers[#answers + 1] = answer
end
return answers
