--[[
  Stores snapshots, each only if its ticket is higher than that of what is stored and than that of the record's last write.

  KEYS    for each record: its snapshot, its written ticket
  ARGV    1 ticket, 2 time of reading, 3 "-", or the time of deletion: then what was last read is kept, 4 for so many ms.
          Then for each record what is kept of it
  Returns for each record 1 if it was stored, else 0
]]
--@include snapshot
local stored = {}
for i = 1, #KEYS, 2 do
  local n = (i + 1) / 2
  local written = tonumber(redis.call("GET", KEYS[i + 1]) or "0")
  local isNews = tonumber(ARGV[1]) > written and storeSnapshot(KEYS[i], ARGV[1], ARGV[2], ARGV[3], ARGV[4], ARGV[4 + n])
  stored[n] = isNews and 1 or 0
end
return stored
