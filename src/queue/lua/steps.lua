-- Runs steps, each a function of `run` with arguments of its own. ARGV: for each step its name, the number of its arguments, they themselves.
-- Returns one answer a step; the error of a step that fails is its answer.
local answers = {}
local at = 1
while at <= #ARGV do
  local values = {}
  for i = 1, tonumber(ARGV[at + 1]) do values[i] = ARGV[at + 1 + i] end
  local ok, answer = pcall(run[ARGV[at]], values)
  if not ok and type(answer) ~= 'table' then answer = { err = tostring(answer) } end
  answers[#answers + 1] = answer or false
  at = at + 2 + #values
end
return answers
