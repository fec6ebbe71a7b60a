--[[
  Marks entities as dirty, and saves a feed's state with that.

  KEYS    1 dirty, 2 dirty generations, 3 dirty count, 4 the feed, if its state is to be saved
  ARGV    1 the state as JSON, or "", then entity ids
]]
--@include dirty
for i = 2, #ARGV do
  markDirty(KEYS[1], KEYS[2], KEYS[3], ARGV[i])
end
if KEYS[4] then
  redis.call("SET", KEYS[4], ARGV[1])
end
return 1
