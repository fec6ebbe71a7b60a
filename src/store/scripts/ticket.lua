--[[
  KEYS    1 the last ticket
  Returns the next one, as text
]]
--@include next-number
return nextNumber(KEYS[1])
