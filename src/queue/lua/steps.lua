-- Runs steps, each a function of `run` with arguments of its own. ARGV: for each step its name and its arguments, a line each.
-- Returns one answer a step; the error of a step that fails is its answer.
gathers = true
local answers = {}
for i = 1, #ARGV do
  local name
  local values, length = {}, 0
  for value in string.gmatch(ARGV[i], '([^\n]*)\n') do
    if name then
      length = length + 1
      values[length] = value
    else
      name = value
    end
  end
  local ok, answer = pcall(run[name], values)
  if not ok and type(answer) ~= 'table' then answer = { err = tostring(answer) } end
  answers[i] = answer or false
end
make_changes()
return answers
