--[[
  Finds the entities of a list, or counts them. The most selective filter leads: its index is walked and the others are
  looked up, so the cost is bounded by its matches. Where that index is in the order of the list, the walk starts at the
  cursor and ends with the page. Where it is not, the index of all entities is tried first, for as many steps as the filter
  has matches: when these are many, a page is soon full. Else all matches are returned, to be sorted by the caller (Lua's own
  comparison of strings goes by the server's locale).

  A member ends with an entity's id; before it, after a NUL, stands what it is sorted by. "position" means the member of the
  index of all entities in the order of the list. A term's members are positions by name, after the term's value.

  KEYS    1 entity prefix, 2 index of all entities in the order of the list
  ARGV    1 "page" or "count"; 2 the order: "name", "modified" or "id"; 3 "1" if descending; 4 how many, 0 for all;
          5 position to go on after, or ""; 6 number of filters, then each:
          "term", key, value
          "state", number of states, then for each its key by id
          "name", key by name, key of names, text, "1" if that is the whole name
          "after", key by modified, time
  Returns count: the number
          page:  {"ordered", 1 if something comes before, list of positions, list of documents}
                 {"collected", 0, list of positions}
]]
--@include facts
local ENTITY, ALL = KEYS[1], KEYS[2]
local mode, order, descending, limit, cursor = ARGV[1], ARGV[2], ARGV[3] == "1", tonumber(ARGV[4]), ARGV[5]
local CHUNK = 256

local function idOf(member)
  return string.match(member, "([^%z]*)$")
end

-- By bytes.
local function isLess(a, b)
  for i = 1, math.min(#a, #b) do
    local x, y = string.byte(a, i), string.byte(b, i)
    if x ~= y then
      return x < y
    end
  end
  return #a < #b
end

-- A candidate: its id, and on demand its facts.
local function candidateOf(member)
  return { id = idOf(member) }
end
local function factsOf(candidate)
  if not candidate.facts then
    local _, facts = factsIn(redis.call("GET", ENTITY .. candidate.id))
    candidate.facts = facts or { sortName = "", modified = "", names = {} }
  end
  return candidate.facts
end
local function positionOf(candidate, form)
  if form == "id" then
    return candidate.id
  end
  return factsOf(candidate)[form == "name" and "sortName" or "modified"] .. "\0" .. candidate.id
end

-- Filters: each knows its size, the index ranges that hold its matches, and how to check a candidate.

local at = 6
local function take()
  at = at + 1
  return ARGV[at]
end
-- `prefix`: what stands before a position in the range's members.
local function range(key, min, max, prefix)
  return { key = key, min = min or "-", max = max or "+", prefix = prefix or "" }
end
local function rangeOf(key, value)
  return range(key, "[" .. value .. "\0", "(" .. value .. "\1", value .. "\0")
end
local function sizeOf(ranges)
  local size = 0
  for _, one in ipairs(ranges) do
    size = size + redis.call("ZLEXCOUNT", one.key, one.min, one.max)
  end
  return size
end
local kinds = {
  term = function()
    local key, value = take(), take()
    local ranges = { rangeOf(key, value) }
    return {
      size = sizeOf(ranges),
      ordered = order == "name" and ranges[1] or nil,
      ranges = ranges,
      accepts = function(candidate)
        return redis.call("ZSCORE", key, value .. "\0" .. positionOf(candidate, "name"))
      end,
    }
  end,
  state = function()
    local filter = { size = 0, ranges = {} }
    for i = 1, tonumber(take()) do
      filter.ranges[i] = range(take())
      filter.size = filter.size + redis.call("ZCARD", filter.ranges[i].key)
    end
    filter.accepts = function(candidate)
      for _, one in ipairs(filter.ranges) do
        if redis.call("ZSCORE", one.key, candidate.id) then
          return true
        end
      end
      return false
    end
    return filter
  end,
  name = function()
    local keys, text, whole = { take(), take() }, take(), take() == "1"
    local ranges = {}
    for i, key in ipairs(keys) do
      -- An empty name is none, and the byte 0xff is above all of UTF-8.
      ranges[i] = whole and rangeOf(key, text) or range(key, text == "" and "[\1" or "[" .. text, "(" .. text .. "\255")
    end
    local function fits(name)
      return name ~= "" and (whole and name == text or not whole and string.sub(name, 1, #text) == text)
    end
    return {
      size = text == "" and whole and 0 or sizeOf(ranges),
      ranges = text == "" and whole and {} or ranges,
      -- An entity has several names.
      repeats = true,
      accepts = function(candidate)
        local facts = factsOf(candidate)
        local found = fits(facts.sortName)
        for _, name in ipairs(facts.names) do
          found = found or fits(name)
        end
        return found
      end,
    }
  end,
  after = function()
    local key, time = take(), take()
    local later = range(key, "(" .. time .. "\255")
    return {
      size = sizeOf({ later }),
      ordered = order == "modified" and later or nil,
      ranges = { later },
      accepts = function(candidate)
        return isLess(time, factsOf(candidate).modified)
      end,
    }
  end,
}
local filters = {}
for i = 1, tonumber(ARGV[6]) do
  filters[i] = kinds[take()]()
end

local leading
for _, filter in ipairs(filters) do
  if not leading or filter.size < leading.size then
    leading = filter
  end
end
local others = {}
for _, filter in ipairs(filters) do
  if filter ~= leading then
    others[#others + 1] = filter
  end
end
leading = leading or { size = redis.call("ZCARD", ALL), ordered = range(ALL), ranges = { range(ALL) } }

-- Calls `visit` with each candidate of a range that passes the checks, and its member, until it returns true. False when it
-- has taken `steps` and is not through. `seen`: where candidates may come again, those that did.
local function walk(source, from, down, checks, visit, steps, seen)
  local taken = 0
  while true do
    local members
    if down then
      members = redis.call("ZREVRANGEBYLEX", source.key, from or source.max, source.min, "LIMIT", 0, CHUNK)
    else
      members = redis.call("ZRANGEBYLEX", source.key, from or source.min, source.max, "LIMIT", 0, CHUNK)
    end
    for _, member in ipairs(members) do
      local candidate = candidateOf(member)
      local accepted = not (seen and seen[candidate.id])
      if seen then
        seen[candidate.id] = true
      end
      for _, filter in ipairs(checks) do
        accepted = accepted and filter.accepts(candidate)
      end
      if accepted and visit(candidate, member) then
        return true
      end
    end
    if #members < CHUNK then
      return true
    end
    taken = taken + CHUNK
    if steps and taken >= steps then
      return false
    end
    from = "(" .. members[#members]
  end
end

-- All matches, by way of the leading filter.
local function eachMatch(visit)
  local seen = leading.repeats and {}
  for _, source in ipairs(leading.ranges) do
    walk(source, nil, false, others, visit, nil, seen)
  end
end

if mode == "count" then
  if #others == 0 and not leading.repeats then
    return leading.size
  end
  local count = 0
  eachMatch(function()
    count = count + 1
  end)
  return count
end

-- The positions of a page in a range that is in the order of the list, and whether something comes before it. nil when the
-- steps did not do.
local function pageOf(source, checks, steps)
  local from, back, before = nil, nil, 0
  if cursor ~= "" then
    from, back = "(" .. source.prefix .. cursor, "[" .. source.prefix .. cursor
    -- A cursor from before the range stands where the range begins.
    if source.min ~= "-" and isLess(source.prefix .. cursor, string.sub(source.min, 2)) then
      from, back = not descending and source.min or from, descending and source.min or back
    end
    local known = walk(source, back, not descending, checks, function()
      before = 1
      return true
    end, steps)
    if not known then
      return nil
    end
  end
  local positions = {}
  local through = walk(source, from, descending, checks, function(_, member)
    positions[#positions + 1] = string.sub(member, #source.prefix + 1)
    return limit > 0 and #positions >= limit
  end, steps)
  return through and positions or nil, before
end

local function withDocuments(positions, before)
  local documents = {}
  for i, position in ipairs(positions) do
    documents[i] = redis.call("GET", ENTITY .. idOf(position))
  end
  return { "ordered", before, positions, documents }
end

if not leading.ordered then
  if leading.size > CHUNK then
    local positions, before = pageOf(range(ALL), filters, leading.size)
    if positions then
      return withDocuments(positions, before)
    end
  end
  local positions = {}
  eachMatch(function(candidate)
    positions[#positions + 1] = positionOf(candidate, order)
  end)
  return { "collected", 0, positions }
end

return withDocuments(pageOf(leading.ordered, others))
