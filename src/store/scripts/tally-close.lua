--[[
  Puts how entities stand behind the items of a run's plan, and forgets the run's tally.

  KEYS    1 tallies, 2 the run's counts, 3 its entities, 4 its standing, 5 the items of its plan
  ARGV    1 run, 2 ms to keep the items
  Returns the counts: name, number, name, number …; or nil if the tally is not open
]]
local TALLIES, COUNTS, ENTITIES, STANDING, ITEMS = unpack(KEYS)
if redis.call("SREM", TALLIES, ARGV[1]) == 0 then
  return false
end
local standing = redis.call("HVALS", STANDING)
for _, item in ipairs(standing) do
  redis.call("RPUSH", ITEMS, item)
end
if #standing > 0 then
  redis.call("PEXPIRE", ITEMS, ARGV[2])
end
local counts = redis.call("HGETALL", COUNTS)
redis.call("DEL", COUNTS, ENTITIES, STANDING)
return counts
