-- Documents: a hash of version and JSON; per kind one sorted set by order and one by expiry.
local function documentVersion(key)
  return tonumber(redis.call("HGET", key, "version") or "0")
end

-- `ttl`: ms to keep it, "-" for ever, "" as before; `order` may be ""; `usual`: its order if it has none yet; `prefix` makes a
-- document of a key.
local function storeDocument(document, orders, expiries, key, json, ttl, order, usual, prefix)
  local version = documentVersion(document)
  redis.call("HSET", document, "version", string.format("%d", version + 1), "value", json)
  if order ~= "" then
    redis.call("ZADD", orders, order, key)
  elseif version == 0 then
    redis.call("ZADD", orders, usual, key)
  end

  local time = redis.call("TIME")
  local now = tonumber(time[1]) * 1000 + math.floor(tonumber(time[2]) / 1000)
  if ttl == "-" then
    redis.call("PERSIST", document)
    redis.call("ZREM", expiries, key)
  elseif ttl ~= "" then
    redis.call("PEXPIRE", document, ttl)
    redis.call("ZADD", expiries, now + tonumber(ttl), key)
  end

  -- A few of what has expired leave the indexes with every write, so that these do not grow for ever.
  -- Within a script keys expire by the time at which it began, which is before `now`: whoever is still there goes with a later write.
  for _, one in ipairs(redis.call("ZRANGEBYSCORE", expiries, "-inf", now, "LIMIT", 0, 20)) do
    if redis.call("EXISTS", prefix .. one) == 0 then
      redis.call("ZREM", expiries, one)
      redis.call("ZREM", orders, one)
    end
  end
end
