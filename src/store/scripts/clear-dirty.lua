--[[
  Clears marks whose generation is still the one given.

  KEYS    1 dirty, 2 dirty generations
  ARGV    pairs of entity id, generation
]]
--@include dirty
for i = 1, #ARGV, 2 do
  clearDirty(KEYS[1], KEYS[2], ARGV[i], ARGV[i + 1])
end
return 1
