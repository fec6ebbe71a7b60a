--[[
  Notes in which format this tenant's data is kept, if there is none yet.

  KEYS    1 the format, then keys of which one is there wherever a link map was ever kept
  ARGV    1 the format that would be noted
  Returns the format that stands; nil if there is data of before formats were noted
]]
local format = redis.call("GET", KEYS[1])
if format then
  return format
end
if redis.call("EXISTS", unpack(KEYS, 2)) > 0 then
  return false
end
redis.call("SET", KEYS[1], ARGV[1])
return ARGV[1]
