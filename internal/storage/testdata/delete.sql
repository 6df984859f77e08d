-- sqlite
DELETE FROM "tabNote" WHERE "name" = ?; -- ["N\"1"]
DELETE FROM "tabNote Row" WHERE "parent" = ? AND "parenttype" = ?; -- ["N\"1","Note"]
DELETE FROM "tabNote Row" WHERE "parent" = ? AND "parenttype" = ? AND "parentfield" = ? AND "name" NOT IN (?, ?); -- ["N\"1","Note","rows","a","b"]

-- mariadb
DELETE FROM `tabNote` WHERE `name` = ?; -- ["N\"1"]
DELETE FROM `tabNote Row` WHERE `parent` = ? AND `parenttype` = ?; -- ["N\"1","Note"]
DELETE FROM `tabNote Row` WHERE `parent` = ? AND `parenttype` = ? AND `parentfield` = ? AND `name` NOT IN (?, ?); -- ["N\"1","Note","rows","a","b"]

-- postgres
DELETE FROM "tabNote" WHERE "name" = $1; -- ["N\"1"]
DELETE FROM "tabNote Row" WHERE "parent" = $1 AND "parenttype" = $2; -- ["N\"1","Note"]
DELETE FROM "tabNote Row" WHERE "parent" = $1 AND "parenttype" = $2 AND "parentfield" = $3 AND "name" NOT IN ($4, $5); -- ["N\"1","Note","rows","a","b"]
