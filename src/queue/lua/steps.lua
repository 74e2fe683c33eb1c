-- Runs steps, each a function of `run` with arguments of its own. ARGV: the steps as a list in JSON, each a list of its arguments and, last, its name.
-- Returns one answer a step; the error of a step that fails is its answer.
gathers = true
local answers = {}
for i, values in ipairs(cjson.decode(ARGV[1])) do
  local name = table.remove(values)
  local ok, answer = pcall(run[name], values)
  if not ok and type(answer) ~= 'table' then answer = { err = tostring(answer) } end
  answers[i] = answer or false
end
make_changes()
return answers
