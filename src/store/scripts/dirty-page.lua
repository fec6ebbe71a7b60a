--[[
  A page of the marks whose entity ids begin alike, in the order in which they were last set.

  KEYS    1 dirty, 2 dirty generations
  ARGV    1 the place behind which to begin, 2 how many at most, 3 how the ids begin
  Returns the last place that was looked at; 1 if marks may stand behind it, else 0; the marks: entity id, generation, entity id …
]]
local place, limit, prefix = ARGV[1], tonumber(ARGV[2]), ARGV[3]
-- Looked at by the thousand: one by one takes far longer, and more at once than Lua's stack holds can't be handed over. A script that
-- looks at very many would hold up everybody else.
local CHUNK, MOST = 1000, 20000
local marks, looked, isMore = {}, 0, true
while isMore and #marks < limit * 2 and looked < MOST do
  local chunk, ids, at = redis.call("ZRANGE", KEYS[1], "(" .. place, "+inf", "BYSCORE", "LIMIT", 0, CHUNK, "WITHSCORES"), {}, 1
  while at < #chunk and #marks / 2 + #ids < limit do
    if string.sub(chunk[at], 1, #prefix) == prefix then
      ids[#ids + 1] = chunk[at]
    end
    place = chunk[at + 1]
    at = at + 2
  end
  if #ids > 0 then
    for i, generation in ipairs(redis.call("HMGET", KEYS[2], unpack(ids))) do
      marks[#marks + 1] = ids[i]
      marks[#marks + 1] = generation
    end
  end
  looked = looked + CHUNK
  isMore = at < #chunk or #chunk == CHUNK * 2
end
return { place, isMore and 1 or 0, marks }
