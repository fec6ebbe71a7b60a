--[[
  The entities that carry match keys, by id.

  KEYS    1 entity prefix, 2 prefix that makes an index by match key of a type
  ARGV    for each key its type, the key, how many at most
  Returns for each the list of their documents
]]
local answers = {}
for i = 1, #ARGV, 3 do
  local key, found = ARGV[i + 1], {}
  for n, member in ipairs(redis.call("ZRANGEBYLEX", KEYS[2] .. ARGV[i], "[" .. key .. "\0", "(" .. key .. "\1", "LIMIT", 0, ARGV[i + 2])) do
    found[n] = redis.call("GET", KEYS[1] .. string.sub(member, #key + 2))
  end
  answers[#answers + 1] = found
end
return answers
