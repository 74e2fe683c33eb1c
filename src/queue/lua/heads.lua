-- Tells how the heads of some lanes stand. ARGV: queue, user, queue, user, …
-- Returns three values a lane: the head's id, '' for an empty one, which then does not count as one that waits: a script that failed may have
-- left it so; the turn for which it waits, 0 when it waits for none; 1 when it is owed a job.
local answers = {}
for i = 1, #ARGV, 2 do
  local queue, user = ARGV[i], ARGV[i + 1]
  local entry = redis.call('LINDEX', lane_key(queue, user), 0)
  local id, turn, owed = '', 0, 0
  if entry then
    id = head_of(entry)
    local state = redis.call('HMGET', attempt_key(queue, user), 'id', 'open', 'turn')
    if state[1] == id and state[2] ~= '1' then turn = tonumber(state[3] or 0) end
    owed = redis.call('ZSCORE', base .. 'owed', queue .. ' ' .. user .. ' ' .. id) and 1 or 0
  else
    redis.call('ZREM', base .. 'lanes:' .. queue, user)
  end
  answers[#answers + 1] = id
  answers[#answers + 1] = turn
  answers[#answers + 1] = owed
end
return answers
