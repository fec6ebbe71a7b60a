--[[
  Where the entities of pages stand, of lists each of which is one stretch of one index that is in the order of the list.

  A stretch is the members that begin with a prefix. Where the prefix is no part of what the list is sorted by (the value of a
  term), it is cut off: what is left is the position.

  KEYS    for each page its index, and an index that must have nothing with the same prefix
  ARGV    for each page: prefix; "1" if it is cut off; position to go on after, or ""; "1" if descending; how many;
          "1" if the second index matters
  Returns for each page: 1 if something comes before it, 1 if something follows, and its positions, joined by NUL (each is two
          parts with a NUL between them); nil where the second index has something
]]
local pages = {}
for page = 1, #KEYS / 2 do
  local key, other, at = KEYS[page * 2 - 1], KEYS[page * 2], (page - 1) * 6
  local prefix, cut, cursor, descending, limit = ARGV[at + 1], ARGV[at + 2] == "1", ARGV[at + 3], ARGV[at + 4] == "1", tonumber(ARGV[at + 5])
  -- The byte 0xff is above all of UTF-8.
  local least, most = "-", "+"
  if prefix ~= "" then
    least, most = "[" .. prefix, "(" .. prefix .. "\255"
  end
  if ARGV[at + 6] == "1" and redis.call("ZLEXCOUNT", other, least, most) > 0 then
    pages[page] = false
  else
    local behind, members = 0, nil
    local last = cursor ~= "" and (cut and prefix .. cursor or cursor)
    if descending then
      members = redis.call("ZREVRANGEBYLEX", key, last and "(" .. last or most, least, "LIMIT", 0, limit + 1)
      behind = last and redis.call("ZLEXCOUNT", key, "[" .. last, most) or 0
    else
      members = redis.call("ZRANGEBYLEX", key, last and "(" .. last or least, most, "LIMIT", 0, limit + 1)
      behind = last and redis.call("ZLEXCOUNT", key, least, "[" .. last) or 0
    end
    local positions = {}
    for i = 1, math.min(#members, limit) do
      positions[i] = cut and string.sub(members[i], #prefix + 1) or members[i]
    end
    pages[page] = { behind > 0 and 1 or 0, #members > limit and 1 or 0, table.concat(positions, "\0") }
  end
end
return pages
