-- A number higher than all before it. It is never behind the clock, so that it stays higher even when a Redis that lost the
-- last second of its writes hands out numbers again.
local function nextNumber(key)
  local time = redis.call("TIME")
  local now = tonumber(time[1]) * 1000000 + tonumber(time[2])
  local last = tonumber(redis.call("GET", key) or "0")
  local number = string.format("%.0f", math.max(last + 1, now))
  redis.call("SET", key, number)
  return number
end
