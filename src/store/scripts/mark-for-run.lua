--[[
  Marks entities for a run: those that are not marked yet. What another run has marked is nobody's own from now on.

  KEYS    1 dirty, 2 dirty generations, 3 dirty count
  ARGV    1 run, then entity ids
]]
--@include dirty
for i = 2, #ARGV do
  local held = redis.call("HGET", KEYS[2], ARGV[i])
  local owner = held and string.match(held, " (.*)$")
  if not held or (owner and owner ~= ARGV[1]) then
    markDirty(KEYS[1], KEYS[2], KEYS[3], ARGV[i])
  end
  if not held then
    redis.call("HSET", KEYS[2], ARGV[i], redis.call("HGET", KEYS[2], ARGV[i]) .. " " .. ARGV[1])
  end
end
return 1
