-- Ends dead letters for good; their traces stay. ARGV: 5 values a letter: queue, id, journal, field, step.
-- Returns one number a letter: 1, or 0 when there is none.
local answers = {}
for i = 1, #ARGV, 5 do
  local queue, id = ARGV[i], ARGV[i + 1]
  local found = redis.call('HDEL', base .. 'letters:' .. queue, id)
  redis.call('ZREM', base .. 'dead:' .. queue, id)
  redis.call('ZREM', base .. 'unresolved', queue .. ' ' .. id)
  if found == 1 then step(base .. ARGV[i + 2], ARGV[i + 3], ARGV[i + 4]) end
  answers[#answers + 1] = found
end
return answers
