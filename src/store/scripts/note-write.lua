--[[
  Notes that a write has ended: what began to be read before is refused from now on. Stores what the write has shown.

  KEYS    1 the last ticket, 2 the record's written ticket, 3 its snapshot, absent where the write has shown nothing
  ARGV    1 ms to keep the written ticket, 2 now, 3 "-", or the time of deletion: then what was last read is kept, 4 for so many ms,
          5 what is kept of the record
]]
--@include next-number
--@include snapshot
local ticket = nextNumber(KEYS[1])
redis.call("SET", KEYS[2], ticket, "PX", ARGV[1])
if KEYS[3] then
  storeSnapshot(KEYS[3], ticket, ARGV[2], ARGV[3], ARGV[4], ARGV[5])
end
return 1
