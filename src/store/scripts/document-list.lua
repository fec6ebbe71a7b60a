--[[
  The documents of a kind, highest order first.

  KEYS    1 the kind's documents by order, 2 the kind's documents by expiry, 3 prefix that makes a document of a key
  ARGV    1 how many
  Returns key, version, JSON, key, version, JSON …
]]
local found, limit, from = {}, tonumber(ARGV[1]) * 3, 0
local CHUNK = 100
while #found < limit do
  local keys = redis.call("ZREVRANGE", KEYS[1], from, from + CHUNK - 1)
  local gone = {}
  for _, key in ipairs(keys) do
    local stored = redis.call("HMGET", KEYS[3] .. key, "version", "value")
    if not stored[1] then
      gone[#gone + 1] = key
    elseif #found < limit then
      found[#found + 1] = key
      found[#found + 1] = stored[1]
      found[#found + 1] = stored[2]
    end
  end
  if #gone > 0 then
    redis.call("ZREM", KEYS[1], unpack(gone))
    redis.call("ZREM", KEYS[2], unpack(gone))
  end
  if #keys < CHUNK then
    break
  end
  from = from + CHUNK - #gone
end
return found
