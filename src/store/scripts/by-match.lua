--[[
  The entities that carry a match key, by id.

  KEYS    1 entity prefix, 2 index by match key
  ARGV    1 how many at most, 2 the key
  Returns their documents
]]
local found = {}
for i, member in ipairs(redis.call("ZRANGEBYLEX", KEYS[2], "[" .. ARGV[2] .. "\0", "(" .. ARGV[2] .. "\1", "LIMIT", 0, ARGV[1])) do
  found[i] = redis.call("GET", KEYS[1] .. string.sub(member, #ARGV[2] + 2))
end
return found
