--[[
  Stores snapshots, each only if its ticket is higher than that of what is stored and than that of the record's last write, and
  marks entities as dirty.

  KEYS    1 dirty, 2 dirty generations, 3 dirty count. Then for each record: its snapshot, its written ticket
  ARGV    1 ticket, 2 time of reading, 3 "-", or the time of deletion: then what was last read is kept, 4 for so many ms.
          Then for each record what is kept of it. Then the ids of entities
  Returns for each record 1 if it was stored, else 0
]]
--@include snapshot
--@include dirty
local stored = {}
for i = 4, #KEYS, 2 do
  local n = i / 2 - 1
  local written = tonumber(redis.call("GET", KEYS[i + 1]) or "0")
  local isNews = tonumber(ARGV[1]) > written and storeSnapshot(KEYS[i], ARGV[1], ARGV[2], ARGV[3], ARGV[4], ARGV[4 + n])
  stored[n] = isNews and 1 or 0
end
for i = 5 + #stored, #ARGV do
  markDirty(KEYS[1], KEYS[2], KEYS[3], ARGV[i])
end
return stored
