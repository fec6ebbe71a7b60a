--[[
  Erases an entity: document, history, the snapshots of its records, indexes, former ids with their histories, dirty mark.

  KEYS    1 entity prefix, 2 meta prefix, 3 history prefix, 4 alias prefix, 5 aliases prefix, 6 dirty, 7 dirty generations
  ARGV    1 id, or a former id
  Returns 1, or 0 if there is no such entity
]]
--@include entity

local id = redis.call("GET", KEYS[4] .. ARGV[1]) or ARGV[1]
local meta = redis.call("HMGET", KEYS[2] .. id, "revision", "index", "records")
if not meta[1] then
  return 0
end
removeFromIndexes(unpacked(meta[2]))
local records = unpacked(meta[3])
for i = 1, #records, 3 do
  releaseRecord(records[i], id)
  redis.call("DEL", records[i + 1], records[i + 2])
end
local ids = redis.call("SMEMBERS", KEYS[5] .. id)
ids[#ids + 1] = id
for _, one in ipairs(ids) do
  redis.call("DEL", KEYS[3] .. one, KEYS[4] .. one)
  redis.call("ZREM", KEYS[6], one)
  redis.call("HDEL", KEYS[7], one)
end
redis.call("DEL", KEYS[1] .. id, KEYS[2] .. id, KEYS[5] .. id)
return 1
