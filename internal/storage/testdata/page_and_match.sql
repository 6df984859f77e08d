-- sqlite
SELECT "tabNote"."name" FROM "tabNote" WHERE "title" LIKE ? LIMIT ?; -- ["%a\\%",20]
SELECT "tabNote"."name" FROM "tabNote" WHERE "title" NOT LIKE ? LIMIT ? OFFSET ?; -- ["%a\\%",20,40]
SELECT "tabNote"."name" FROM "tabNote" WHERE "title" NOT LIKE ? LIMIT ? OFFSET ?; -- ["%a\\%",-1,40]
SELECT "tabNote"."name" FROM "tabNote" WHERE "title" LIKE ?; -- ["%a\\%"]

-- mariadb
SELECT `tabNote`.`name` FROM `tabNote` WHERE `title` LIKE ? LIMIT ?; -- ["%a\\%",20]
SELECT `tabNote`.`name` FROM `tabNote` WHERE `title` NOT LIKE ? LIMIT ? OFFSET ?; -- ["%a\\%",20,40]
SELECT `tabNote`.`name` FROM `tabNote` WHERE `title` NOT LIKE ? LIMIT 18446744073709551615 OFFSET ?; -- ["%a\\%",40]
SELECT `tabNote`.`name` FROM `tabNote` WHERE `title` LIKE ?; -- ["%a\\%"]

-- postgres
SELECT "tabNote"."name" FROM "tabNote" WHERE "title" ILIKE $1 LIMIT $2; -- ["%a\\%",20]
SELECT "tabNote"."name" FROM "tabNote" WHERE "title" NOT ILIKE $1 LIMIT $2 OFFSET $3; -- ["%a\\%",20,40]
SELECT "tabNote"."name" FROM "tabNote" WHERE "title" NOT ILIKE $1 OFFSET $2; -- ["%a\\%",40]
SELECT "tabNote"."name" FROM "tabNote" WHERE "title" ILIKE $1; -- ["%a\\%"]
