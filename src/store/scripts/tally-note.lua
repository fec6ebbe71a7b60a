--[[
  Adds notes to the tally of a run.

  KEYS    1 tallies, 2 the run's counts, 3 its entities ("revision status last-done" each), 4 its standing, 5 the items of its plan
  ARGV    1 run, 2 ms to keep it; then of each note: entity id, its revision, kind, what is counted or "", what it is alike to, item
  Returns the counts: name, number, name, number …; or nil if the tally is not open
]]
local TALLIES, COUNTS, ENTITIES, STANDING, ITEMS = unpack(KEYS)

local function count(name, by)
  if name ~= "" then
    redis.call("HINCRBY", COUNTS, name, by)
  end
end

if redis.call("SISMEMBER", TALLIES, ARGV[1]) == 0 then
  return false
end
for i = 3, #ARGV, 6 do
  local id, revision, kind, counted, alike, item = unpack(ARGV, i, i + 5)
  local seen, status, last = string.match(redis.call("HGET", ENTITIES, id) or "0  ", "^(%d+) (%a*) (.*)$")
  local isNewest = tonumber(revision) >= tonumber(seen)

  if kind == "done" and alike ~= last then
    count(counted, 1)
    redis.call("RPUSH", ITEMS, item)
    last = alike
  elseif kind == "undone" and last ~= "" then
    count(counted, -1)
    last = ""
  end
  if isNewest and kind ~= "undone" then
    count(status, -1)
    status = (kind == "stands" or (kind == "rests" and last == "")) and counted or ""
    count(status, 1)
    if kind == "stands" then
      redis.call("HSET", STANDING, id, item)
    else
      redis.call("HDEL", STANDING, id)
    end
  end
  redis.call("HSET", ENTITIES, id, (isNewest and revision or seen) .. " " .. status .. " " .. last)
end
if #ARGV > 2 then
  for i = 2, 5 do
    redis.call("PEXPIRE", KEYS[i], ARGV[2])
  end
end
return redis.call("HGETALL", COUNTS)
