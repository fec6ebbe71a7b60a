-- Notes how a call ended and what its headers said of the limits (R15).
-- Mirrors applyReport of src/store/budget.ts, name by name.
-- KEYS[1]  the budget's state, JSON
-- ARGV[1]  permit id   ARGV[2]  the call, JSON   ARGV[3]  the report, JSON   ARGV[4]  now, ms   ARGV[5]  the rules, JSON
-- ARGV[6]  how long the state is kept, ms
-- Returns  "OK"
local minuteMs, dayMs = 60000, 86400000

local permitId = ARGV[1]
local call = cjson.decode(ARGV[2])
local report = cjson.decode(ARGV[3])
local now = tonumber(ARGV[4])
local rules = cjson.decode(ARGV[5])
local stored = redis.call("GET", KEYS[1])
local state = stored and cjson.decode(stored) or { offsetMs = 0, minutes = {}, days = {}, errors = {}, inFlight = {} }

local function name(number)
  return string.format("%.0f", number)
end

local function floorTo(at, lengthMs)
  return math.floor(at / lengthMs) * lengthMs
end

local function offsetAfter()
  local reset = report.minute and report.minute.reset
  if not reset or reset % minuteMs ~= 0 or math.abs(reset - now) > rules.maxSkewMs then
    return state.offsetMs
  end
  local most = reset - 1 - report.sentAt
  local least = reset - minuteMs - now
  if state.offsetMs > most then
    return most - math.max(rules.guardMs, -most)
  end
  if state.offsetMs < least then
    return least + math.max(rules.guardMs, least)
  end
  return state.offsetMs
end

state.inFlight[permitId] = nil
state.offsetMs = offsetAfter()
local t = now + state.offsetMs
state.minuteLimit = report.minute and report.minute.limit or state.minuteLimit
state.dayLimit = report.day and report.day.limit or state.dayLimit
local dayIsFull = report.isRefused and report.day ~= nil and report.minute == nil
local minuteIsFull = report.isRefused and not dayIsFull
if report.isRefused and report.retryAfterMs then
  state.blockedUntil = math.max(state.blockedUntil or 0, t + report.retryAfterMs)
end
if state.blockedUntil and state.blockedUntil <= t then
  state.blockedUntil = nil
end

local function usedAtLeast(counts, header, isFull, limit, lengthMs)
  local reset = header and header.reset
  local isNamed = reset and reset > t - rules.maxSkewMs and reset <= t + lengthMs + rules.maxSkewMs
  local start = floorTo(isNamed and reset - 1 or t, lengthMs)
  local count = counts[name(start)] or { used = 0, interactive = 0 }
  local said = header and header.remaining and limit - header.remaining or 0
  local open = 0
  for _, one in pairs(state.inFlight) do
    if one.at >= start and one.at > t - rules.inFlightMs then
      open = open + 1
    end
  end
  local atLeast = math.max(count.used, said > count.used and said + open or 0, isFull and limit or 0)
  if atLeast > count.used then
    counts[name(start)] = { used = atLeast, interactive = count.interactive }
  end
  for at in pairs(counts) do
    if tonumber(at) < floorTo(t, lengthMs) - lengthMs then
      counts[at] = nil
    end
  end
end

usedAtLeast(state.minutes, report.minute, minuteIsFull, state.minuteLimit or rules.minuteLimit, minuteMs)
usedAtLeast(state.days, report.day, dayIsFull, state.dayLimit or rules.dayLimit, dayMs)

if report.isError then
  local times = state.errors[call.endpoint] or {}
  times[#times + 1] = t
  state.errors[call.endpoint] = times
end
for endpoint, times in pairs(state.errors) do
  local kept = {}
  for _, at in ipairs(times) do
    if at > t - rules.errorWindowMs then
      kept[#kept + 1] = at
    end
  end
  state.errors[endpoint] = #kept > 0 and kept or nil
end

redis.call("SET", KEYS[1], cjson.encode(state), "PX", ARGV[6])
return "OK"
