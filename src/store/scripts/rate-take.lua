--[[
  Counts what a client sends in a window that slides: what was counted in the window before weighs as much as of it still lies
  within the last window's length. What is refused is not counted.
  KEYS    1 hash of one client: start, current, previous
  ARGV    1 how much; 2 the limit; 3 length of the window in ms; 4 now
  Returns 0 when it was counted, else how many ms to wait
]]
local amount, limit, length, now = tonumber(ARGV[1]), tonumber(ARGV[2]), tonumber(ARGV[3]), tonumber(ARGV[4])
local before = redis.call("HMGET", KEYS[1], "start", "current", "previous")
local began = tonumber(before[1] or "") or 0
-- Replicas' clocks differ a little: time does not go back.
if now < began then
  now = began
end
local start = math.floor(now / length) * length
local current, previous = 0, 0
if began == start then
  current, previous = tonumber(before[2]), tonumber(before[3])
elseif began == start - length then
  previous = tonumber(before[2])
end
local elapsed = now - start
if previous * (1 - elapsed / length) + current + amount <= limit then
  -- Not the shortest form of a number: Lua would write large ones as 1.7e+12.
  redis.call("HSET", KEYS[1], "start", string.format("%.0f", start), "current", current + amount, "previous", previous)
  redis.call("PEXPIRE", KEYS[1], 2 * length)
  return 0
end
local wait
if current + amount <= limit then
  wait = length * (1 - (limit - current - amount) / previous) - elapsed
elseif amount <= limit then
  wait = length - elapsed + length * math.max(0, 1 - (limit - amount) / current)
else
  wait = 2 * length - elapsed
end
return math.max(1, math.ceil(wait))
