--[[
  Stores a document by compare-and-set.

  KEYS    1 the document, 2 the kind's documents by order, 3 the kind's documents by expiry
  ARGV    1 key; 2 version read, "0" if it must be new, "" for any; 3 JSON; 4 ms to keep it, "-" for ever, "" as before;
          5 order, or ""; 6 order if it has none yet; 7 prefix that makes a document of a key
  Returns 1, or 0 if the version is another by now
]]
local version = tonumber(redis.call("HGET", KEYS[1], "version") or "0")
if ARGV[2] ~= "" and tonumber(ARGV[2]) ~= version then
  return 0
end
redis.call("HSET", KEYS[1], "version", string.format("%d", version + 1), "value", ARGV[3])
if ARGV[5] ~= "" then
  redis.call("ZADD", KEYS[2], ARGV[5], ARGV[1])
elseif version == 0 then
  redis.call("ZADD", KEYS[2], ARGV[6], ARGV[1])
end

local time = redis.call("TIME")
local now = tonumber(time[1]) * 1000 + math.floor(tonumber(time[2]) / 1000)
if ARGV[4] == "-" then
  redis.call("PERSIST", KEYS[1])
  redis.call("ZREM", KEYS[3], ARGV[1])
elseif ARGV[4] ~= "" then
  redis.call("PEXPIRE", KEYS[1], ARGV[4])
  redis.call("ZADD", KEYS[3], now + tonumber(ARGV[4]), ARGV[1])
end

-- A few of what has expired leave the indexes with every write, so that these do not grow for ever.
for _, key in ipairs(redis.call("ZRANGEBYSCORE", KEYS[3], "-inf", now, "LIMIT", 0, 20)) do
  redis.call("ZREM", KEYS[3], key)
  if redis.call("EXISTS", ARGV[7] .. key) == 0 then
    redis.call("ZREM", KEYS[2], key)
  end
end
return 1
