--[[
  KEYS    1 the lease, 2 the last token of all leases
  ARGV    1 ms that it holds
  Returns its token as text, or nil if somebody holds it
]]
--@include next-number
if redis.call("EXISTS", KEYS[1]) == 1 then
  return false
end
local token = nextNumber(KEYS[2])
redis.call("SET", KEYS[1], token, "PX", ARGV[1])
return token
