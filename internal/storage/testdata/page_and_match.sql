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
SELECT "tabNote"."name" FROM "tabNote" WHERE ("title" COLLATE "und-x-icu" ILIKE $1 OR OCTET_LENGTH("title") <> CHAR_LENGTH("title") AND NORMALIZE(REGEXP_REPLACE(NORMALIZE("title" COLLATE "und-x-icu", NFD), '[\u0300-\u036f]', '', 'g'), NFC) ILIKE $2) LIMIT $3; -- ["%a\\%","%a\\%",20]
SELECT "tabNote"."name" FROM "tabNote" WHERE NOT ("title" COLLATE "und-x-icu" ILIKE $1 OR OCTET_LENGTH("title") <> CHAR_LENGTH("title") AND NORMALIZE(REGEXP_REPLACE(NORMALIZE("title" COLLATE "und-x-icu", NFD), '[\u0300-\u036f]', '', 'g'), NFC) ILIKE $2) LIMIT $3 OFFSET $4; -- ["%a\\%","%a\\%",20,40]
SELECT "tabNote"."name" FROM "tabNote" WHERE NOT ("title" COLLATE "und-x-icu" ILIKE $1 OR OCTET_LENGTH("title") <> CHAR_LENGTH("title") AND NORMALIZE(REGEXP_REPLACE(NORMALIZE("title" COLLATE "und-x-icu", NFD), '[\u0300-\u036f]', '', 'g'), NFC) ILIKE $2) OFFSET $3; -- ["%a\\%","%a\\%",40]
SELECT "tabNote"."name" FROM "tabNote" WHERE ("title" COLLATE "und-x-icu" ILIKE $1 OR OCTET_LENGTH("title") <> CHAR_LENGTH("title") AND NORMALIZE(REGEXP_REPLACE(NORMALIZE("title" COLLATE "und-x-icu", NFD), '[\u0300-\u036f]', '', 'g'), NFC) ILIKE $2); -- ["%a\\%","%a\\%"]
