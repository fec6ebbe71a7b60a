--[[
  The entities that records belong to.

  KEYS    1 entity prefix, then the records' reverse index keys
  Returns for each the document, or nil
]]
local found = {}
for i = 2, #KEYS do
  local id = redis.call("GET", KEYS[i])
  found[i - 1] = id and redis.call("GET", KEYS[1] .. id)
end
return found
