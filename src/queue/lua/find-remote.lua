-- Looks for messages by the ids that the other platform answered for them, among the traces of one day, from a shard on, and stops
-- before it holds Redis up for long. ARGV: day, shards a day, shard, how many traces to look at, then the ids as traces hold them.
-- Returns the shard to go on with (-1 when the day is over), then id, field and trace of each that was found.
local day, shards, shard, left = ARGV[1], tonumber(ARGV[2]), tonumber(ARGV[3]), tonumber(ARGV[4])
local wanted = {}
for i = 5, #ARGV do wanted[ARGV[i]] = true end
local found = {}
while left > 0 and shard >= 0 do
  local entries = redis.call('HGETALL', base .. 'journal:' .. day .. ':' .. shard)
  for i = 1, #entries, 2 do
    -- ";d<time>,<attempt>,<status>,<id>", ";D<time>,<id>" or ";E<time>,<id>": an id is never part of another step.
    for _, form in ipairs({ ';d[^,;]*,[^,;]*,[^,;]*,([^,;]+)', ';[DE][^,;]*,([^,;]+)' }) do
      for id in string.gmatch(entries[i + 1], form) do
        if wanted[id] then
          found[#found + 1] = id
          found[#found + 1] = entries[i]
          found[#found + 1] = entries[i + 1]
        end
      end
    end
  end
  -- An empty shard costs something, too.
  left = left - 5 - #entries / 2
  shard = shard + 1 < shards and shard + 1 or -1
end
return { shard, found }
