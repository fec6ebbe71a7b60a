--[[
  Writes, removes and renames entities in one step, with everything that finds them: reverse indexes, list indexes, former
  ids, history and dirty marks. Checks everything first; when a check fails nothing is written.

  KEYS    as in include/entity.lua. The keys of documents come in ARGV; they carry the same hash tag.
  ARGV    maxEvents, oldest time kept in ms, ms that a history is kept, then lists, each after its length:
          reclaim: id
          put:     id, revision read, document, type, state, sort name, modified, due or "", other names, list of terms
                   (filter, value), match keys, refs of its records, list of events (time in ms, a space, JSON)
          remove:  id, revision read, id to resolve to or ""
          clear:   entity id, generation
          mark:    entity id
          documents: document key, the kind's documents by order, the kind's documents by expiry, key, version read ("" for any),
                   JSON, ms to keep it ("-" for ever, "" as before), order or "", order if it has none yet, prefix that makes a
                   document of a key
  Returns {"OK"}, {"STALE", entity id}, {"DOCUMENT", document key} or {"TAKEN", record ref, id of its entity}
]]
--@include facts
--@include entity
--@include dirty
--@include document

local at = 0
local function take()
  at = at + 1
  return ARGV[at]
end
local function takeList(one)
  local list = {}
  for i = 1, tonumber(take()) do
    list[i] = one()
  end
  return list
end

local maxEvents, oldestKept, historyTtl = tonumber(take()), tonumber(take()), take()
local reclaims = takeList(take)
local puts = takeList(function()
  local put = { id = take(), revision = take(), document = take() }
  local facts = { type = take(), state = take(), sortName = take(), modified = take(), due = take() }
  facts.names, facts.terms, facts.matchKeys, facts.records = takeList(take), takeList(take), takeList(take), takeList(take)
  put.facts, put.events = facts, takeList(take)
  return put
end)
local removes = takeList(function()
  return { id = take(), revision = take(), into = take() }
end)
local clears = takeList(function()
  return { id = take(), generation = take() }
end)
local marks = takeList(take)
local documents = takeList(function()
  return {
    document = take(), orders = take(), expiries = take(), key = take(), version = take(),
    json = take(), ttl = take(), order = take(), usual = take(), prefix = take(),
  }
end)

-- Checks. Nothing is written before the last of them.

local reclaimed = {}
for _, id in ipairs(reclaims) do
  reclaimed[id] = true
end
local inCommit = {}
for _, one in ipairs(puts) do
  inCommit[one.id] = true
  local revision
  revision, one.old, one.oldPacked = factsOf(one.id)
  if (revision or "0") ~= one.revision then
    return { "STALE", one.id }
  end
  -- An id that resolves to another entity is not new.
  if not revision and not reclaimed[one.id] and redis.call("EXISTS", ALIAS .. one.id) == 1 then
    return { "STALE", one.id }
  end
end
for _, one in ipairs(removes) do
  inCommit[one.id] = true
  local revision
  revision, one.old = factsOf(one.id)
  if revision ~= one.revision then
    return { "STALE", one.id }
  end
end

for _, one in ipairs(documents) do
  if one.version ~= "" and tonumber(one.version) ~= documentVersion(one.document) then
    return { "DOCUMENT", one.document }
  end
end

local claimed = {}
for _, one in ipairs(puts) do
  for _, ref in ipairs(one.facts.records) do
    local owner = claimed[ref] or redis.call("GET", RECORD .. ref)
    if owner and owner ~= one.id and (claimed[ref] or not inCommit[owner]) then
      return { "TAKEN", ref, owner }
    end
    claimed[ref] = one.id
  end
end

-- Writes.

local function addHistory(id, events)
  if #events == 0 then
    return
  end
  local key = HISTORY .. id
  local bounds = redis.call("HMGET", key, "first", "last")
  local first, last = tonumber(bounds[1] or "1"), tonumber(bounds[2] or "0")
  for _, event in ipairs(events) do
    last = last + 1
    redis.call("HSET", key, last, event)
  end
  local function tooOld()
    return tonumber(string.match(redis.call("HGET", key, first), "^(%d+)")) < oldestKept
  end
  while last - first + 1 > maxEvents or (first <= last and tooOld()) do
    redis.call("HDEL", key, first)
    first = first + 1
  end
  redis.call("HSET", key, "first", first, "last", last)
  redis.call("PEXPIRE", key, historyTtl)
end

local function setFormerIds(id, ids)
  if #ids == 0 then
    redis.call("DEL", ALIASES .. id)
  else
    redis.call("SET", ALIASES .. id, cmsgpack.pack(ids))
  end
end

local function without(ids, id)
  local rest = {}
  for _, one in ipairs(ids) do
    if one ~= id then
      rest[#rest + 1] = one
    end
  end
  return rest
end

-- The id, and all that resolved to it, resolve to `into` from now on: never more than one hop.
local function resolveTo(id, into)
  local target = into
  if target ~= "" then
    target = redis.call("GET", ALIAS .. target) or target
  end
  local former = formerIds(id)
  setFormerIds(id, {})
  former[#former + 1] = id
  for _, one in ipairs(former) do
    if target == "" or target == id or target == one then
      redis.call("DEL", ALIAS .. one)
    else
      redis.call("SET", ALIAS .. one, target)
      local ids = without(formerIds(target), one)
      ids[#ids + 1] = one
      setFormerIds(target, ids)
    end
  end
end

for _, id in ipairs(reclaims) do
  local target = redis.call("GET", ALIAS .. id)
  if target then
    setFormerIds(target, without(formerIds(target), id))
    redis.call("DEL", ALIAS .. id)
  end
end

-- All old records are given free before any is taken, so that two entities may swap theirs.
for _, list in ipairs({ puts, removes }) do
  for _, one in ipairs(list) do
    for _, ref in ipairs(one.old and one.old.records or {}) do
      if claimed[ref] ~= one.id then
        releaseRecord(ref, one.id)
      end
    end
  end
end

for _, one in ipairs(removes) do
  removeFromIndexes(one.id, one.old)
  redis.call("DEL", ENTITY .. one.id)
  resolveTo(one.id, one.into)
end

for _, one in ipairs(puts) do
  for _, ref in ipairs(one.facts.records) do
    redis.call("SET", RECORD .. ref, one.id)
  end
  local packed = packedFacts(one.facts)
  if packed ~= one.oldPacked then
    -- Most places stay: they are neither taken away nor given again.
    local places = {}
    eachPlace(one.id, one.facts, function(key, member)
      places[key .. "\0" .. member] = { key, member }
    end)
    if one.old then
      eachPlace(one.id, one.old, function(key, member)
        if places[key .. "\0" .. member] then
          places[key .. "\0" .. member] = nil
        else
          redis.call("ZREM", key, member)
        end
      end)
    end
    for _, place in pairs(places) do
      redis.call("ZADD", place[1], 0, place[2])
    end
  end
  redis.call("SET", ENTITY .. one.id, withFacts(one.document, string.format("%d", tonumber(one.revision) + 1), packed))
  addHistory(one.id, one.events)
end

for _, one in ipairs(clears) do
  clearDirty(DIRTY, GENERATIONS, one.id, one.generation)
end
for _, id in ipairs(marks) do
  markDirty(DIRTY, GENERATIONS, COUNT, id)
end
for _, one in ipairs(documents) do
  storeDocument(one.document, one.orders, one.expiries, one.key, one.json, one.ttl, one.order, one.usual, one.prefix)
end
return { "OK" }
