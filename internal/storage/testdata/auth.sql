-- sqlite
SELECT "password", "encrypted" FROM "__Auth" WHERE "doctype" = ? AND "name" = ? AND "fieldname" = ?; -- ["User","a","password"]
INSERT INTO "__Auth" ("doctype", "name", "fieldname", "password", "encrypted") VALUES (?, ?, ?, ?, ?) ON CONFLICT ("doctype", "name", "fieldname") DO UPDATE SET "password" = excluded."password", "encrypted" = excluded."encrypted"; -- ["User","a","password","hash",1]
UPDATE "__Auth" SET "name" = ? WHERE "doctype" = ? AND "name" = ?; -- ["b","User","a"]
DELETE FROM "__Auth" WHERE "doctype" = ? AND "name" = ? AND "fieldname" = ?; -- ["User","b","password"]
DELETE FROM "__Auth" WHERE "doctype" = ? AND "name" = ?; -- ["User","b"]

-- mariadb
SELECT `password`, `encrypted` FROM `__Auth` WHERE `doctype` = ? AND `name` = ? AND `fieldname` = ?; -- ["User","a","password"]
INSERT INTO `__Auth` (`doctype`, `name`, `fieldname`, `password`, `encrypted`) VALUES (?, ?, ?, ?, ?) ON DUPLICATE KEY UPDATE `password` = VALUES(`password`), `encrypted` = VALUES(`encrypted`); -- ["User","a","password","hash",1]
UPDATE `__Auth` SET `name` = ? WHERE `doctype` = ? AND `name` = ?; -- ["b","User","a"]
DELETE FROM `__Auth` WHERE `doctype` = ? AND `name` = ? AND `fieldname` = ?; -- ["User","b","password"]
DELETE FROM `__Auth` WHERE `doctype` = ? AND `name` = ?; -- ["User","b"]

-- postgres
SELECT "password", "encrypted" FROM "__Auth" WHERE "doctype" = $1 AND "name" = $2 AND "fieldname" = $3; -- ["User","a","password"]
INSERT INTO "__Auth" ("doctype", "name", "fieldname", "password", "encrypted") VALUES ($1, $2, $3, $4, $5) ON CONFLICT ("doctype", "name", "fieldname") DO UPDATE SET "password" = excluded."password", "encrypted" = excluded."encrypted"; -- ["User","a","password","hash",1]
UPDATE "__Auth" SET "name" = $1 WHERE "doctype" = $2 AND "name" = $3; -- ["b","User","a"]
DELETE FROM "__Auth" WHERE "doctype" = $1 AND "name" = $2 AND "fieldname" = $3; -- ["User","b","password"]
DELETE FROM "__Auth" WHERE "doctype" = $1 AND "name" = $2; -- ["User","b"]
