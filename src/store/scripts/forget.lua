--[[
  Erases an entity: document, history, the snapshots of its records, indexes, former ids with their histories, dirty mark.

  KEYS    as in include/entity.lua
  ARGV    1 id, or a former id
  Returns 1, or 0 if there is no such entity
]]
--@include facts
--@include entity

local id = redis.call("GET", ALIAS .. ARGV[1]) or ARGV[1]
local revision, facts = factsOf(id)
if not revision then
  return 0
end
removeFromIndexes(id, facts)
for _, ref in ipairs(facts.records) do
  releaseRecord(ref, id)
  redis.call("DEL", SNAPSHOT .. ref, WRITTEN .. ref)
end
local ids = formerIds(id)
ids[#ids + 1] = id
for _, one in ipairs(ids) do
  redis.call("DEL", HISTORY .. one, ALIAS .. one)
  redis.call("ZREM", DIRTY, one)
  redis.call("HDEL", GENERATIONS, one)
end
redis.call("DEL", ENTITY .. id, ALIASES .. id)
return 1
