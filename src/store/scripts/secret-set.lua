--[[
  Stores a sealed value by compare-and-set. The version outlives a deletion, so that it never comes twice.

  KEYS    1 the secret
  ARGV    1 version read, "0" if there was none; 2 sealed value
  Returns 1, or 0 if the version is another by now
]]
local stored = redis.call("HMGET", KEYS[1], "version", "value")
local version = stored[2] and stored[1] or "0"
if version ~= ARGV[1] then
  return 0
end
redis.call("HSET", KEYS[1], "version", string.format("%d", tonumber(stored[1] or "0") + 1), "value", ARGV[2])
return 1
