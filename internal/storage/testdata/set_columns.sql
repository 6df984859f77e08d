-- sqlite
UPDATE "tabNote" SET "points" = ?, "_assign" = ? WHERE "name" = ?; -- [7,null,"N\"1"]

-- mariadb
UPDATE `tabNote` SET `points` = ?, `_assign` = ? WHERE `name` = ?; -- [7,null,"N\"1"]

-- postgres
UPDATE "tabNote" SET "points" = $1, "_assign" = $2 WHERE "name" = $3; -- [7,null,"N\"1"]
