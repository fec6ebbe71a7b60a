--[[
  KEYS    1 the list
  ARGV    1 first index, 2 last index
  Returns {total, items}
]]
return { redis.call("LLEN", KEYS[1]), redis.call("LRANGE", KEYS[1], ARGV[1], ARGV[2]) }
