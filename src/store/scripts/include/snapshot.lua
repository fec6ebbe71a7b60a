-- Stores what is kept of a record, unless what is stored has this ticket or a higher one. `deletedAt` "-": it was read; else what was
-- last read is kept, for `keptMs`. Returns whether it was stored.
local function storeSnapshot(key, ticket, at, deletedAt, keptMs, read)
  local known = redis.call("GET", key)
  local knownTicket, asOf, knownDeletedAt, record = string.match(known or "", "^(%d+) (%S+) (%S+) (.*)$")
  if tonumber(ticket) <= (tonumber(knownTicket) or 0) then
    return false
  end
  if deletedAt == "-" or not known then
    asOf, knownDeletedAt, record = at, deletedAt, read
  elseif knownDeletedAt == "-" then
    knownDeletedAt = deletedAt
  end
  redis.call("SET", key, ticket .. " " .. asOf .. " " .. knownDeletedAt .. " " .. record)
  if deletedAt ~= "-" then
    redis.call("PEXPIRE", key, keptMs)
  end
  return true
end
