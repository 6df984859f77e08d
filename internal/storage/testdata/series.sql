-- sqlite
UPDATE "tabSeries" SET "current" = "current" + 1 WHERE "name" = ? RETURNING "current"; -- ["INV-"]
SELECT "current" FROM "tabSeries" WHERE "name" = ?; -- ["INV-"]
INSERT INTO "tabSeries" ("name", "current") VALUES (?, ?) ON CONFLICT ("name") DO UPDATE SET "current" = excluded."current"; -- ["INV-",9]
UPDATE "__sequence" SET "current" = "current" + 1 WHERE "name" = ? RETURNING "current"; -- ["change_log_entry_id_seq"]

-- mariadb
UPDATE `tabSeries` SET `current` = `current` + 1 WHERE `name` = ?; -- ["INV-"]
SELECT `current` FROM `tabSeries` WHERE `name` = ?; -- ["INV-"]
SELECT `current` FROM `tabSeries` WHERE `name` = ?; -- ["INV-"]
INSERT INTO `tabSeries` (`name`, `current`) VALUES (?, ?) ON DUPLICATE KEY UPDATE `current` = VALUES(`current`); -- ["INV-",9]
UPDATE `__sequence` SET `current` = `current` + 1 WHERE `name` = ?; -- ["change_log_entry_id_seq"]
SELECT `current` FROM `__sequence` WHERE `name` = ?; -- ["change_log_entry_id_seq"]

-- postgres
UPDATE "tabSeries" SET "current" = "current" + 1 WHERE "name" = $1 RETURNING "current"; -- ["INV-"]
SELECT "current" FROM "tabSeries" WHERE "name" = $1; -- ["INV-"]
INSERT INTO "tabSeries" ("name", "current") VALUES ($1, $2) ON CONFLICT ("name") DO UPDATE SET "current" = excluded."current"; -- ["INV-",9]
UPDATE "__sequence" SET "current" = "current" + 1 WHERE "name" = $1 RETURNING "current"; -- ["change_log_entry_id_seq"]
