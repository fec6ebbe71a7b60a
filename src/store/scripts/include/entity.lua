-- What an entity's meta hash keeps, packed: `index` is a flat list of key, member; `records` a flat list of the record's
-- reverse index key, its snapshot key and its written key.
local function unpacked(value)
  if not value then
    return {}
  end
  return cmsgpack.unpack(value)
end

local function removeFromIndexes(index)
  for i = 1, #index, 2 do
    redis.call("ZREM", index[i], index[i + 1])
  end
end

-- Gives a record free, unless somebody else has it by now.
local function releaseRecord(key, id)
  if redis.call("GET", key) == id then
    redis.call("DEL", key)
  end
end
