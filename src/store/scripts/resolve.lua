--[[
  The entities that former ids resolve to.

  KEYS    1 entity prefix, 2 alias prefix
  ARGV    ids
  Returns for each the document, or nil
]]
local found = {}
for i, id in ipairs(ARGV) do
  local target = redis.call("GET", KEYS[2] .. id)
  found[i] = redis.call("GET", KEYS[1] .. (target or id))
end
return found
