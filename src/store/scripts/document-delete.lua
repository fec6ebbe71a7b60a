--[[
  KEYS    1 the document, 2 the kind's documents by order, 3 the kind's documents by expiry, 4 its items
  ARGV    1 key
]]
redis.call("DEL", KEYS[1], KEYS[4])
redis.call("ZREM", KEYS[2], ARGV[1])
redis.call("ZREM", KEYS[3], ARGV[1])
return 1
