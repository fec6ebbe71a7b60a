-- For scripts whose KEYS are `entityKeys` of commit-args.ts: prefixes that make a key of what is put behind them, then the marks.
local ENTITY, HISTORY, ALIAS, ALIASES, RECORD, SNAPSHOT, WRITTEN = unpack(KEYS, 1, 7)
local BY_ID, BY_NAME, BY_MODIFIED, NAMES, TERM, MATCH = unpack(KEYS, 8, 13)
local DUE, DIRTY, GENERATIONS, COUNT = unpack(KEYS, 14, 17)

local function factsOf(id)
  return factsIn(redis.call("GET", ENTITY .. id))
end

-- Calls `visit` with the key and the member of every place in an index that these facts give an entity.
local function eachPlace(id, facts, visit)
  local tail, type = "\0" .. id, facts.type
  visit(BY_ID .. type, id)
  visit(BY_ID .. type .. ":" .. facts.state, id)
  visit(BY_NAME .. type, facts.sortName .. tail)
  visit(BY_MODIFIED .. type, facts.modified .. tail)
  for _, name in ipairs(facts.names) do
    visit(NAMES .. type, name .. tail)
  end
  for i = 1, #facts.terms, 2 do
    visit(TERM .. type .. ":" .. facts.terms[i], facts.terms[i + 1] .. "\0" .. facts.sortName .. tail)
  end
  for _, key in ipairs(facts.matchKeys) do
    visit(MATCH .. type, key .. tail)
  end
  if facts.due ~= "" then
    visit(DUE, facts.due .. tail)
  end
end

local function removeFromIndexes(id, facts)
  eachPlace(id, facts, function(key, member)
    redis.call("ZREM", key, member)
  end)
end

-- Gives a record free, unless somebody else has it by now.
local function releaseRecord(ref, id)
  if redis.call("GET", RECORD .. ref) == id then
    redis.call("DEL", RECORD .. ref)
  end
end

-- The ids that resolve to an id.
local function formerIds(id)
  local stored = redis.call("GET", ALIASES .. id)
  return stored and cmsgpack.unpack(stored) or {}
end
