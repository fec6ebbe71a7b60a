-- An entity, and the snapshots of its records as far as they are wanted, as of one moment.
-- KEYS: the entity's; what snapshots' begin with. ARGV: what the refs of the wanted records begin with, each of another system.
-- Reply: the entity, or false; then for each of ARGV its snapshot, or false: it has no such record, or it was never read.

--@include facts

local stored = redis.call("GET", KEYS[1])
local reply = { stored }
local _, facts = factsIn(stored)
for i, begins in ipairs(ARGV) do
  reply[i + 1] = false
  for _, ref in ipairs(facts and facts.records or {}) do
    if string.sub(ref, 1, #begins) == begins then
      reply[i + 1] = redis.call("GET", KEYS[2] .. ref)
    end
  end
end
return reply
