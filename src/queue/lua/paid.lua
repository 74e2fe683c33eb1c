-- These heads have a job now, and are not owed one any more. One that was taken meanwhile is in somebody's hands, who keeps the debt young; and
-- one that waits for another turn than the job's still needs a job.
-- ARGV: for how long a debt is young, then queue, user, id, turn ('' for a job of any turn), queue, …
local function has_job(queue, user, id, turn)
  local state = redis.call('HMGET', attempt_key(queue, user), 'id', 'open', 'turn')
  if state[1] ~= id then return true end
  if state[2] == '1' and in_hands(queue, user, id, ARGV[1]) then return false end
  return turn == '' or not state[3] or state[3] == turn
end

for i = 2, #ARGV, 4 do
  local queue, user, id = ARGV[i], ARGV[i + 1], ARGV[i + 2]
  -- A lane that cannot be read (a key of another type) must not make it look as if nobody had a job.
  local readable, paid = pcall(has_job, queue, user, id, ARGV[i + 3])
  if paid or not readable then owe_no_more(queue, user, id) end
end
