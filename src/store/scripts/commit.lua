--[[
  Writes, removes and renames entities in one step, with everything that finds them: reverse indexes, list indexes, former
  ids, history and dirty marks. Checks everything first; when a check fails nothing is written.

  KEYS    1 entity prefix, 2 meta prefix, 3 history prefix, 4 alias prefix, 5 aliases prefix (an id makes a key of each),
          6 dirty, 7 dirty generations, 8 dirty count.
          All other keys come in ARGV; they carry the same hash tag.
  ARGV    maxEvents, oldest time kept in ms, ms that a history is kept, then lists, each after its length:
          reclaim: id
          put:     id, revision read, document, sort name, modified, names (each between two NULs),
                   list of record keys (record, snapshot, written), list of index entries (key, member), list of events
                   (time in ms, a space, JSON)
          remove:  id, revision read, id to resolve to or ""
          clear:   entity id, generation
          mark:    entity id
          documents: document key, the kind's documents by order, the kind's documents by expiry, key, version read ("" for any),
                   JSON, ms to keep it ("-" for ever, "" as before), order or "", order if it has none yet, prefix that makes a
                   document of a key
  Returns {"OK"}, {"STALE", entity id}, {"DOCUMENT", document key} or {"TAKEN", record key, id of its entity}
]]
--@include entity
--@include dirty
--@include document

local ENTITY, META, HISTORY, ALIAS, ALIASES = KEYS[1], KEYS[2], KEYS[3], KEYS[4], KEYS[5]
local DIRTY, GENERATIONS, COUNT = KEYS[6], KEYS[7], KEYS[8]

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
  local put = { id = take(), revision = take(), document = take(), sortName = take(), modified = take(), names = take() }
  put.records, put.index, put.events = takeList(take), takeList(take), takeList(take)
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
  local meta = redis.call("HMGET", META .. one.id, "revision", "index", "records")
  if (meta[1] or "0") ~= one.revision then
    return { "STALE", one.id }
  end
  -- An id that resolves to another entity is not new.
  if not meta[1] and not reclaimed[one.id] and redis.call("EXISTS", ALIAS .. one.id) == 1 then
    return { "STALE", one.id }
  end
  one.packedIndex, one.oldIndex, one.oldRecords = cmsgpack.pack(one.index), meta[2], unpacked(meta[3])
end
for _, one in ipairs(removes) do
  inCommit[one.id] = true
  local meta = redis.call("HMGET", META .. one.id, "revision", "index", "records")
  if meta[1] ~= one.revision then
    return { "STALE", one.id }
  end
  one.oldIndex, one.oldRecords = meta[2], unpacked(meta[3])
end

for _, one in ipairs(documents) do
  if one.version ~= "" and tonumber(one.version) ~= documentVersion(one.document) then
    return { "DOCUMENT", one.document }
  end
end

local claimed = {}
for _, one in ipairs(puts) do
  for i = 1, #one.records, 3 do
    local key = one.records[i]
    local owner = claimed[key] or redis.call("GET", key)
    if owner and owner ~= one.id and (claimed[key] or not inCommit[owner]) then
      return { "TAKEN", key, owner }
    end
    claimed[key] = one.id
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

-- The id, and all that resolved to it, resolve to `into` from now on: never more than one hop.
local function resolveTo(id, into)
  local target = into
  if target ~= "" then
    target = redis.call("GET", ALIAS .. target) or target
  end
  local former = redis.call("SMEMBERS", ALIASES .. id)
  redis.call("DEL", ALIASES .. id)
  former[#former + 1] = id
  for _, one in ipairs(former) do
    if target == "" or target == id or target == one then
      redis.call("DEL", ALIAS .. one)
    else
      redis.call("SET", ALIAS .. one, target)
      redis.call("SADD", ALIASES .. target, one)
    end
  end
end

for _, id in ipairs(reclaims) do
  local target = redis.call("GET", ALIAS .. id)
  if target then
    redis.call("SREM", ALIASES .. target, id)
    redis.call("DEL", ALIAS .. id)
  end
end

-- All old records are given free before any is taken, so that two entities may swap theirs.
for _, list in ipairs({ puts, removes }) do
  for _, one in ipairs(list) do
    for i = 1, #one.oldRecords, 3 do
      if claimed[one.oldRecords[i]] ~= one.id then
        releaseRecord(one.oldRecords[i], one.id)
      end
    end
  end
end

for _, one in ipairs(removes) do
  removeFromIndexes(unpacked(one.oldIndex))
  redis.call("DEL", ENTITY .. one.id, META .. one.id)
  resolveTo(one.id, one.into)
end

for _, one in ipairs(puts) do
  redis.call("SET", ENTITY .. one.id, one.document)
  for i = 1, #one.records, 3 do
    redis.call("SET", one.records[i], one.id)
  end
  if one.packedIndex ~= one.oldIndex then
    local kept = {}
    for i = 1, #one.index, 2 do
      kept[one.index[i]] = kept[one.index[i]] or {}
      kept[one.index[i]][one.index[i + 1]] = true
    end
    local old = unpacked(one.oldIndex)
    for i = 1, #old, 2 do
      local members = kept[old[i]]
      if members and members[old[i + 1]] then
        members[old[i + 1]] = nil
      else
        redis.call("ZREM", old[i], old[i + 1])
      end
    end
    for key, members in pairs(kept) do
      for member in pairs(members) do
        redis.call("ZADD", key, 0, member)
      end
    end
  end
  redis.call(
    "HSET", META .. one.id,
    "revision", string.format("%d", tonumber(one.revision) + 1),
    "index", one.packedIndex,
    "records", cmsgpack.pack(one.records),
    "sortName", one.sortName,
    "modified", one.modified,
    "names", one.names
  )
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
