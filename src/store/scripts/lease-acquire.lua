--[[
  KEYS    1 the last token of all leases, then leases
  ARGV    for each lease the ms that it holds
  Returns for each its token as text, or nil if somebody holds it
]]
--@include next-number
local tokens = {}
for i = 2, #KEYS do
  tokens[i - 1] = false
  if redis.call("EXISTS", KEYS[i]) == 0 then
    tokens[i - 1] = nextNumber(KEYS[1])
    redis.call("SET", KEYS[i], tokens[i - 1], "PX", ARGV[i - 1])
  end
end
return tokens
