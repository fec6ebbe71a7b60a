--[[
  KEYS    1 the lease
  ARGV    1 token, 2 ms that it holds from now on; "0" releases it
  Returns 1, or 0 if this token does not hold it
]]
if redis.call("GET", KEYS[1]) ~= ARGV[1] then
  return 0
end
redis.call("PEXPIRE", KEYS[1], ARGV[2])
return 1
