--[[
  Finds the entities of a list, or counts them. The most selective filter leads: its index is walked and the others are
  looked up, so the cost is bounded by its matches. Where that index is in the order of the list, the walk starts at the
  cursor and ends with the page. Where it is not, the index of all entities is tried first, for as many steps as the filter
  has matches: when these are many, a page is soon full. Else all matches are returned, to be sorted by the caller (Lua's own
  comparison of strings goes by the server's locale).

  A member ends with an entity's id; before it, after a NUL, stands what it is sorted by. "position" means the member of the
  index in the order of the list.

  KEYS    1 entity prefix, 2 meta prefix, 3 index of all entities in the order of the list
  ARGV    1 "page" or "count"; 2 the order: "name", "modified" or "id"; 3 "1" if descending; 4 how many, 0 for all;
          5 position to go on after, or ""; 6 number of filters, then each:
          "term", key by name
          "state", number of states, then for each: key by id, key by name, key by modified
          "name", key of names, min, max, text to find among an entity's names
          "after", key by modified, time
  Returns count: the number
          page:  {"ordered", 1 if something comes before, list of positions, list of documents}
                 {"merge", 1 if something comes before, list of positions, list of positions …}
                 {"collected", 0, list of positions}
]]
local ENTITY, META, ALL = KEYS[1], KEYS[2], KEYS[3]
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

-- A candidate: its id, and on demand what its meta knows.
local function candidateOf(member)
  return { id = idOf(member) }
end
local function metaOf(candidate)
  if not candidate.meta then
    candidate.meta = redis.call("HMGET", META .. candidate.id, "sortName", "modified", "names")
  end
  return candidate.meta
end
local function positionOf(candidate, form)
  if form == "id" then
    return candidate.id
  end
  return (metaOf(candidate)[form == "name" and 1 or 2] or "") .. "\0" .. candidate.id
end

-- Filters: each knows its size, the index ranges that hold its matches, and how to check a candidate.

local at = 6
local function take()
  at = at + 1
  return ARGV[at]
end
local function range(key, min, max)
  return { key = key, min = min or "-", max = max or "+" }
end
local kinds = {
  term = function()
    local key = take()
    return {
      term = key,
      size = redis.call("ZCARD", key),
      ordered = order == "name" and { range(key) } or nil,
      ranges = { range(key) },
      accepts = function(candidate)
        return redis.call("ZSCORE", key, positionOf(candidate, "name"))
      end,
    }
  end,
  state = function()
    local filter = { size = 0, ordered = {}, ranges = {}, states = {} }
    local keysById = {}
    for i = 1, tonumber(take()) do
      local keys = { id = take(), name = take(), modified = take() }
      keysById[i] = keys.id
      filter.states[i] = keys.name
      filter.ordered[i] = range(keys[order])
      filter.size = filter.size + redis.call("ZCARD", keys.id)
    end
    filter.ranges = filter.ordered
    filter.accepts = function(candidate)
      for _, key in ipairs(keysById) do
        if redis.call("ZSCORE", key, candidate.id) then
          return true
        end
      end
      return false
    end
    return filter
  end,
  name = function()
    local key, min, max, text = take(), take(), take(), take()
    return {
      size = redis.call("ZLEXCOUNT", key, min, max),
      ranges = { range(key, min, max) },
      -- An entity has several names.
      repeats = true,
      accepts = function(candidate)
        return string.find(metaOf(candidate)[3] or "", text, 1, true)
      end,
    }
  end,
  after = function()
    local key, time = take(), take()
    local later = range(key, "(" .. time .. "\255")
    return {
      size = redis.call("ZLEXCOUNT", key, later.min, later.max),
      ordered = order == "modified" and { later } or nil,
      ranges = { later },
      accepts = function(candidate)
        return isLess(time, metaOf(candidate)[2] or "")
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
leading = leading or { size = redis.call("ZCARD", ALL), ordered = { range(ALL) }, ranges = { range(ALL) } }

-- Calls `visit` with each candidate of a range that passes the checks, and its member, until it returns true. False when it
-- has taken `steps` and is not through.
local function walk(source, from, down, checks, visit, steps)
  local seen, taken = {}, 0
  while true do
    local members
    if down then
      members = redis.call("ZREVRANGEBYLEX", source.key, from or source.max, source.min, "LIMIT", 0, CHUNK)
    else
      members = redis.call("ZRANGEBYLEX", source.key, from or source.min, source.max, "LIMIT", 0, CHUNK)
    end
    for _, member in ipairs(members) do
      local candidate = candidateOf(member)
      local accepted = not seen[candidate.id]
      if leading.repeats then
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

-- Where only terms and states are asked for, the server itself counts what their indexes share, if it can (since 7.0).
local function countShared()
  local terms, states = {}, nil
  for _, filter in ipairs(filters) do
    if filter.term then
      terms[#terms + 1] = filter.term
    elseif filter.states then
      states = filter.states
    else
      return nil
    end
  end
  local count = 0
  for _, state in ipairs(states or { false }) do
    local keys = { unpack(terms) }
    keys[#keys + 1] = state or nil
    local shared = redis.pcall("ZINTERCARD", #keys, unpack(keys))
    if type(shared) ~= "number" then
      return nil
    end
    count = count + shared
  end
  return count
end

if mode == "count" then
  if #others == 0 and not leading.repeats then
    return leading.size
  end
  local count = countShared()
  if count then
    return count
  end
  count = 0
  for _, source in ipairs(leading.ranges) do
    walk(source, nil, false, others, function()
      count = count + 1
    end)
  end
  return count
end

-- The positions of a page in a range that is in the order of the list, and whether something comes before it. nil when the
-- steps did not do.
local function pageOf(source, checks, steps)
  local from, back, before = nil, nil, 0
  if cursor ~= "" then
    from, back = "(" .. cursor, "[" .. cursor
    -- A cursor from before the range stands where the range begins.
    if source.min ~= "-" and isLess(cursor, string.sub(source.min, 2)) then
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
    positions[#positions + 1] = member
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
  for _, source in ipairs(leading.ranges) do
    walk(source, nil, false, others, function(candidate)
      positions[#positions + 1] = positionOf(candidate, order)
    end)
  end
  return { "collected", 0, positions }
end

if #leading.ordered == 1 then
  return withDocuments(pageOf(leading.ordered[1], others))
end
local page = { "merge", 0 }
for _, source in ipairs(leading.ordered) do
  local positions, before = pageOf(source, others)
  page[2] = math.max(page[2], before)
  page[#page + 1] = positions
end
return page
