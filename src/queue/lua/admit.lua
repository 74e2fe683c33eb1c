-- Takes the events of one or several webhook bodies: each is stored exactly once, or none of them is.
-- ARGV: now, days remembered, seconds a journal is kept, then 12 values an event.
-- Returns one number an event: 0 a repeat, 1 stored behind others, 2 stored as the head of its lane, 3 noted without a message.
local now, days, keep = ARGV[1], tonumber(ARGV[2]), ARGV[3]
local answers = {}
for i = 4, #ARGV, 12 do
  local kind, queue, channel, user = ARGV[i], ARGV[i + 1], ARGV[i + 2], ARGV[i + 3]
  local today, shard, field, trace = tonumber(ARGV[i + 4]), ARGV[i + 5], ARGV[i + 6], ARGV[i + 7]
  local entry, mark, who, at = ARGV[i + 8], ARGV[i + 9], ARGV[i + 10], ARGV[i + 11]
  local answer = 3
  -- From tomorrow on: another process' clock may already be past midnight.
  for day = today + 1, today - days, -1 do
    if redis.call('HEXISTS', base .. 'journal:' .. day .. ':' .. shard, field) == 1 then
      answer = 0
      break
    end
  end
  if answer ~= 0 then
    local journal = base .. 'journal:' .. today .. ':' .. shard
    redis.call('HSET', journal, field, trace)
    if redis.call('HLEN', journal) == 1 then redis.call('EXPIRE', journal, keep) end
    if mark ~= '' then
      -- b: blocked, u: unblocked, m: a message, which only matters to somebody who is marked already. The later time wins.
      local key = base .. 'blocked:' .. channel
      local last = redis.call('HGET', key, who)
      if last then
        if tonumber(at) >= tonumber(string.sub(last, 2)) then redis.call('HSET', key, who, (mark == 'b' and 'b' or 'u') .. at) end
      elseif mark ~= 'm' then
        redis.call('HSET', key, who, mark .. at)
      end
    end
    if kind == 'm' then answer = append(queue, user, entry, now) and 2 or 1 end
  end
  answers[#answers + 1] = answer
end
return answers
