-- These heads are in somebody's hands: their debts are young. One that is not taken yet may have none. ARGV: queue, user, id, queue, …
for i = 1, #ARGV, 3 do
  local queue, user, id = ARGV[i], ARGV[i + 1], ARGV[i + 2]
  if under_way(queue, user, id) then
    owe(queue, user, id)
  else
    redis.call('ZADD', owed, 'XX', clock(), queue .. ' ' .. user .. ' ' .. id)
  end
end
