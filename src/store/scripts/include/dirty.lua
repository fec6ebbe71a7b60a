-- Dirty marks: `dirty` holds ids by when they were first marked, `generations` the number of the last marking; behind a space
-- the run that has marked it, where nobody else has.
local function markDirty(dirty, generations, count, id)
  local number = redis.call("INCR", count)
  redis.call("ZADD", dirty, "NX", number, id)
  redis.call("HSET", generations, id, number)
end

local function clearDirty(dirty, generations, id, generation)
  local held = redis.call("HGET", generations, id)
  if held and string.match(held, "^%d+") == generation then
    redis.call("ZREM", dirty, id)
    redis.call("HDEL", generations, id)
  end
end
