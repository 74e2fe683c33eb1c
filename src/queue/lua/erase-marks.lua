-- Forgets those of a channel's customers who can be reached again since long ago. ARGV: channel, cursor, before (ms since the epoch).
-- Returns the cursor to go on with, and how many were forgotten.
local key = base .. 'blocked:' .. ARGV[1]
local page = redis.call('HSCAN', key, ARGV[2], 'COUNT', 500)
local old = {}
for i = 1, #page[2], 2 do
  local mark = page[2][i + 1]
  if string.sub(mark, 1, 1) == 'u' and tonumber(string.sub(mark, 2)) < tonumber(ARGV[3]) then old[#old + 1] = page[2][i] end
end
if #old > 0 then redis.call('HDEL', key, unpack(old)) end
return { page[1], #old }
