-- Replaces a dead letter, unless it has changed or gone meanwhile. ARGV: queue, id, as it was, as it shall be.
local letters = base .. 'letters:' .. ARGV[1]
if redis.call('HGET', letters, ARGV[2]) ~= ARGV[3] then return 0 end
redis.call('HSET', letters, ARGV[2], ARGV[4])
return 1
