-- Decides whether a call may go now and, if so, counts it: one step over all replicas (R15).
-- Mirrors decideAdmission and applyAdmission of src/store/budget.ts, name by name.
-- KEYS[1]  the budget's state, JSON
-- ARGV[1]  permit id   ARGV[2]  the call, JSON   ARGV[3]  now, ms   ARGV[4]  the rules, JSON   ARGV[5]  how long the state is kept, ms
-- Returns  {"1", "", ""} admitted; {"0", retryAt in ms, which rule} refused, nothing was counted
local minuteMs, dayMs, soonMs = 60000, 86400000, 250

local permitId = ARGV[1]
local call = cjson.decode(ARGV[2])
local now = tonumber(ARGV[3])
local rules = cjson.decode(ARGV[4])
local stored = redis.call("GET", KEYS[1])
local state = stored and cjson.decode(stored) or { offsetMs = 0, minutes = {}, days = {}, errors = {}, inFlight = {} }
local t = now + state.offsetMs
local isInteractive = call.class == "interactive"

local function name(number)
  return string.format("%.0f", number)
end

local function floorTo(at, lengthMs)
  return math.floor(at / lengthMs) * lengthMs
end

local function countOf(counts, start)
  return counts[name(start)] or { used = 0, interactive = 0 }
end

local function windowsOf(lengthMs)
  if not isInteractive and lengthMs == minuteMs then
    return { floorTo(t, lengthMs) }
  end
  local first, last = floorTo(t - rules.guardMs, lengthMs), floorTo(t + rules.guardMs, lengthMs)
  if first == last then
    return { first }
  end
  return { first, last }
end

local function windowsAllow(counts, limit, reserve, lengthMs)
  local from = 0
  for _, start in ipairs(windowsOf(lengthMs)) do
    local count = countOf(counts, start)
    if count.used + 1 > limit - math.max(0, reserve - count.interactive) then
      from = math.max(from, start + lengthMs + rules.guardMs)
    end
  end
  return from
end

local function minuteAllows()
  local limit = state.minuteLimit or rules.minuteLimit
  if isInteractive then
    return windowsAllow(state.minutes, limit, 0, minuteMs)
  end
  local start = floorTo(t, minuteMs)
  local last = minuteMs - rules.guardMs
  local next = start + minuteMs + rules.guardMs
  if t - start < rules.guardMs then
    return start + rules.guardMs
  end
  if t - start >= last then
    return next
  end
  local count = countOf(state.minutes, start)
  local room = limit - count.used - 1
  if room < math.floor(limit * rules.minuteKept) then
    return next
  end
  local reserve = math.floor(limit * rules.minuteReserve)
  if room >= reserve - count.interactive then
    return 0
  end
  return start + last - math.floor((room * rules.lendMs) / reserve)
end

local function dayAllows()
  local limit = state.dayLimit or rules.dayLimit
  return windowsAllow(state.days, limit, math.floor(limit * rules.dayReserve[call.class]), dayMs)
end

-- What a dead holder left is forgotten.
for id, one in pairs(state.inFlight) do
  if one.at <= t - rules.inFlightMs then
    state.inFlight[id] = nil
  end
end

local function errorsAllow()
  local times = {}
  for _, at in ipairs(state.errors[call.endpoint] or {}) do
    if at > t - rules.errorWindowMs then
      times[#times + 1] = at
    end
  end
  local limit = rules.errorLimits[call.class]
  if #times >= limit then
    return times[#times - limit + 1] + rules.errorWindowMs
  end
  local open = 0
  for _, one in pairs(state.inFlight) do
    if one.endpoint == call.endpoint then
      open = open + 1
    end
  end
  if #times + open >= limit then
    return t + soonMs
  end
  return 0
end

local from, because = errorsAllow(), "errors"
local function object(rule, at)
  if at > from then
    from, because = at, rule
  end
end
if call.counted ~= "none" then
  object("blocked", state.blockedUntil or 0)
  object("minute", minuteAllows())
end
if call.counted == "all" then
  object("day", dayAllows())
end
if from > t then
  return { "0", name(from - state.offsetMs), because }
end

local function countIn(counts, lengthMs)
  local newest = 0
  for _, start in ipairs(windowsOf(lengthMs)) do
    local count = countOf(counts, start)
    counts[name(start)] = { used = count.used + 1, interactive = count.interactive + (isInteractive and 1 or 0) }
    newest = math.max(newest, start)
  end
  for start in pairs(counts) do
    if tonumber(start) < newest - lengthMs then
      counts[start] = nil
    end
  end
end

if call.counted ~= "none" then
  countIn(state.minutes, minuteMs)
end
if call.counted == "all" then
  countIn(state.days, dayMs)
end
state.inFlight[permitId] = { endpoint = call.endpoint, at = t }
redis.call("SET", KEYS[1], cjson.encode(state), "PX", ARGV[5])
return { "1", "", "" }
