--[[
  Notes the ticket of a write, unless a higher one is known.

  KEYS    1 the record's written ticket
  ARGV    1 ticket, 2 ms to keep it
]]
if tonumber(ARGV[1]) > tonumber(redis.call("GET", KEYS[1]) or "0") then
  redis.call("SET", KEYS[1], ARGV[1])
end
redis.call("PEXPIRE", KEYS[1], ARGV[2])
return 1
