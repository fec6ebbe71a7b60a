--[[
  KEYS    1 the list
  ARGV    1 ms to keep it, or "-" for ever; then items as JSON
]]
for i = 2, #ARGV do
  redis.call("RPUSH", KEYS[1], ARGV[i])
end
if ARGV[1] == "-" then
  redis.call("PERSIST", KEYS[1])
else
  redis.call("PEXPIRE", KEYS[1], ARGV[1])
end
return 1
