--[[
  A page of an entity's history, newest first.

  KEYS    1 entity prefix, 2 alias prefix, 3 history prefix
  ARGV    1 id, or a former id; 2 how many; 3 entity id of the event to go on after, or ""; 4 its number
  Returns {id of the entity, total, whether there are more (0 or 1), number, event, number, event …},
          or nil if the event to go on after is of another entity
]]
local id = ARGV[1]
if redis.call("EXISTS", KEYS[1] .. id) == 0 then
  id = redis.call("GET", KEYS[2] .. id) or id
end
if ARGV[3] ~= "" and ARGV[3] ~= id then
  return false
end
local key = KEYS[3] .. id
local bounds = redis.call("HMGET", key, "first", "last")
local first, last = tonumber(bounds[1] or "1"), tonumber(bounds[2] or "0")
local from = last
if ARGV[3] ~= "" then
  from = math.min(last, tonumber(ARGV[4]) - 1)
end
local to = math.max(first, from - tonumber(ARGV[2]) + 1)
local page = { id, last - first + 1, to > first and from >= first and 1 or 0 }
for number = from, to, -1 do
  page[#page + 1] = number
  page[#page + 1] = redis.call("HGET", key, number)
end
return page
