-- Looks for an id among the traces of one day, from a place on, and stops before it holds Redis up for long.
-- ARGV: day, shards a day, shard, cursor within it, how many traces to look at, then the id in each form in which traces can hold it (none:
-- all that went outbound).
-- Returns the shard (-1 when the day is over) and the cursor to go on with, then field and trace of each that was found.
local day, shards, shard, cursor = ARGV[1], tonumber(ARGV[2]), tonumber(ARGV[3]), ARGV[4]
local left = tonumber(ARGV[5])
local edges = { ['|'] = true, [','] = true, [';'] = true, [''] = true }
local found = {}

-- Only as a whole: an id may be part of another one.
local function holds(trace, wanted)
  local first, last = string.find(trace, wanted, 1, true)
  while first do
    if edges[string.sub(trace, first - 1, first - 1)] and edges[string.sub(trace, last + 1, last + 1)] then return true end
    first, last = string.find(trace, wanted, first + 1, true)
  end
  return false
end

while left > 0 and shard >= 0 do
  local page = redis.call('HSCAN', base .. 'journal:' .. day .. ':' .. shard, cursor, 'COUNT', 500)
  local entries = page[2]
  for i = 1, #entries, 2 do
    local field, trace = entries[i], entries[i + 1]
    local fits = #ARGV == 5 and string.find(field, '^[^/]+/o')
    for form = 6, #ARGV do fits = fits or holds(trace, ARGV[form]) end
    if fits then
      found[#found + 1] = field
      found[#found + 1] = trace
    end
  end
  -- An empty shard costs something, too.
  left = left - 5 - #entries / 2
  cursor = page[1]
  if cursor == '0' then shard = shard + 1 < shards and shard + 1 or -1 end
end
return { shard, cursor, found }
