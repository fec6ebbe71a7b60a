--[[
  Clears marks of entities that were found to need nothing: whose generation is still the one given, while nobody holds the entity and it
  stands at the revision given.

  KEYS    1 dirty, 2 dirty generations, 3 and 4 prefixes that make an entity of its id, and a lease of its key
  ARGV    for each mark entity id, generation, revision, key of the lease
]]
--@include dirty
--@include facts
for i = 1, #ARGV, 4 do
  local id, generation, revision, lease = unpack(ARGV, i, i + 3)
  if redis.call("EXISTS", KEYS[4] .. lease) == 0 and revisionIn(redis.call("GET", KEYS[3] .. id)) == revision then
    clearDirty(KEYS[1], KEYS[2], id, generation)
  end
end
return 1
