--[[
  Stores snapshots, each only if its ticket is higher than that of what is stored and than that of the record's last write.

  KEYS    for each record: its snapshot, its written ticket
  ARGV    1 ticket, 2 time of reading, 3 "-", or the time of deletion: then what was last read is kept, 4 for so many ms.
          Then for each record what is kept of it
  Returns for each record 1 if it was stored, else 0
]]
local ticket = tonumber(ARGV[1])
local stored = {}
for i = 1, #KEYS, 2 do
  local n = (i + 1) / 2
  local known = redis.call("GET", KEYS[i])
  local written = tonumber(redis.call("GET", KEYS[i + 1]) or "0")
  local knownTicket, asOf, deletedAt, record = string.match(known or "", "^(%d+) (%S+) (%S+) (.*)$")
  if ticket > (tonumber(knownTicket) or 0) and ticket > written then
    if ARGV[3] == "-" or not known then
      asOf, deletedAt, record = ARGV[2], ARGV[3], ARGV[4 + n]
    elseif deletedAt == "-" then
      deletedAt = ARGV[3]
    end
    redis.call("SET", KEYS[i], ARGV[1] .. " " .. asOf .. " " .. deletedAt .. " " .. record)
    if ARGV[3] ~= "-" then
      redis.call("PEXPIRE", KEYS[i], ARGV[4])
    end
    stored[n] = 1
  else
    stored[n] = 0
  end
end
return stored
