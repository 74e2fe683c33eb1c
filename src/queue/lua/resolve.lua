-- Writes down which message a dead letter is about, unless the letter has changed or gone meanwhile.
-- ARGV: queue, letter id, as it was, as it shall be, journal, field, step. Returns 1, or 0 when nothing was written.
local letters = base .. 'letters:' .. ARGV[1]
redis.call('ZREM', base .. 'unresolved', ARGV[1] .. ' ' .. ARGV[2])
if redis.call('HGET', letters, ARGV[2]) ~= ARGV[3] then return 0 end
redis.call('HSET', letters, ARGV[2], ARGV[4])
step(base .. ARGV[5], ARGV[6], ARGV[7])
return 1
