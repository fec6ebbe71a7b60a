--[[
  Stores a document by compare-and-set.

  KEYS    1 the document, 2 the kind's documents by order, 3 the kind's documents by expiry
  ARGV    1 key; 2 version read, "0" if it must be new, "" for any; 3 JSON; 4 ms to keep it, "-" for ever, "" as before;
          5 order, or ""; 6 order if it has none yet; 7 prefix that makes a document of a key
  Returns 1, or 0 if the version is another by now
]]
--@include document

if ARGV[2] ~= "" and tonumber(ARGV[2]) ~= documentVersion(KEYS[1]) then
  return 0
end
storeDocument(KEYS[1], KEYS[2], KEYS[3], ARGV[1], ARGV[3], ARGV[4], ARGV[5], ARGV[6], ARGV[7])
return 1
