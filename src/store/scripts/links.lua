--[[
  Ids in order from several indexes by id.

  KEYS    the indexes
  ARGV    1 how many of each, then for each index where to begin: "-", "(" and an id to begin after, or "+" for its end
  Returns for each index {1 if ids come before, list of ids}
]]
local found = {}
for i, key in ipairs(KEYS) do
  local from = ARGV[i + 1]
  local upTo = from == "+" and "+" or "[" .. string.sub(from, 2)
  local before = from ~= "-" and redis.call("ZLEXCOUNT", key, "-", upTo) > 0
  found[i] = { before and 1 or 0, redis.call("ZRANGEBYLEX", key, from, "+", "LIMIT", 0, ARGV[1]) }
end
return found
