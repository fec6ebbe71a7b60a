--[[
  KEYS    leases
  ARGV    1 ms that they hold from now on, "0" releases them; then for each its token
  Returns for each 1, or 0 if this token does not hold it
]]
local renewed = {}
for i, key in ipairs(KEYS) do
  renewed[i] = 0
  if redis.call("GET", key) == ARGV[i + 1] then
    redis.call("PEXPIRE", key, ARGV[1])
    renewed[i] = 1
  end
end
return renewed
