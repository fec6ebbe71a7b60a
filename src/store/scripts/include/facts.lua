-- Behind an entity's document, and a line feed, stands what the scripts need to know of it without reading that: its revision,
-- a space, and its facts as a packed list. `names` are those beside `sortName`, `terms` a flat list of filter, value, `records` the records' refs.
local FACTS = { "type", "state", "sortName", "modified", "due", "names", "terms", "matchKeys", "records" }

local function packedFacts(facts)
  local list = {}
  for i, name in ipairs(FACTS) do
    list[i] = facts[name]
  end
  return cmsgpack.pack(list)
end

local function withFacts(document, revision, packed)
  return document .. "\n" .. revision .. " " .. packed
end

-- The revision, and where the facts begin; nil if there is no such entity.
local function revisionIn(stored)
  if not stored then
    return nil
  end
  local line = string.find(stored, "\n", 1, true)
  local space = string.find(stored, " ", line, true)
  return string.sub(stored, line + 1, space - 1), space + 1
end

-- The revision, the facts, and the facts as they are packed; nil if there is no such entity.
local function factsIn(stored)
  local revision, from = revisionIn(stored)
  if not revision then
    return nil
  end
  local packed = string.sub(stored, from)
  local facts = {}
  for i, one in ipairs(cmsgpack.unpack(packed)) do
    facts[FACTS[i]] = one
  end
  return revision, facts, packed
end
