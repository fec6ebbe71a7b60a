--[[
  KEYS    1 dirty, 2 dirty generations
  ARGV    1 how many
  Returns the oldest marks: entity id, generation, entity id, generation …
]]
local ids = redis.call("ZRANGE", KEYS[1], 0, tonumber(ARGV[1]) - 1)
local marks = {}
-- Asked for by the thousand: a call for each takes far longer, and more at once than Lua's stack holds can't be handed over.
for from = 1, #ids, 1000 do
  local upTo = math.min(from + 999, #ids)
  for i, generation in ipairs(redis.call("HMGET", KEYS[2], unpack(ids, from, upTo))) do
    marks[#marks + 1] = ids[from + i - 1]
    marks[#marks + 1] = generation
  end
end
return marks
