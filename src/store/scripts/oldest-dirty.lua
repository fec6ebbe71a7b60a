--[[
  KEYS    1 dirty, 2 dirty generations
  ARGV    1 how many
  Returns the oldest marks: entity id, generation, entity id, generation …
]]
local marks = {}
for _, id in ipairs(redis.call("ZRANGE", KEYS[1], 0, tonumber(ARGV[1]) - 1)) do
  marks[#marks + 1] = id
  marks[#marks + 1] = redis.call("HGET", KEYS[2], id)
end
return marks
