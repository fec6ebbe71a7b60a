-- Dirty marks: `dirty` holds ids by the number of the last marking, `generations` that number; behind a space the run that has
-- marked it, where nobody else has.
local function markDirty(dirty, generations, count, id)
  local number = redis.call("INCR", count)
  redis.call("ZADD", dirty, number, id)
  redis.call("HSET", generations, id, number)
end

local function clearDirty(dirty, generations, id, generation)
  local held = redis.call("HGET", generations, id)
  if held and string.match(held, "^%d+") == generation then
    redis.call("ZREM", dirty, id)
    redis.call("HDEL", generations, id)
  end
end
