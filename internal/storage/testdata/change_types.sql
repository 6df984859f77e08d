-- sqlite
SELECT "name", "b" FROM "tabNote" WHERE "b" IS NOT NULL ORDER BY "name" LIMIT ?; -- [5000]
CREATE TABLE "tabNote__rebuild" ("name" TEXT COLLATE frappe NOT NULL PRIMARY KEY,
  "creation" TEXT,
  "modified" TEXT,
  "modified_by" TEXT COLLATE frappe,
  "owner" TEXT COLLATE frappe,
  "docstatus" INTEGER NOT NULL DEFAULT 0,
  "idx" INTEGER NOT NULL DEFAULT 0,
  "a" TEXT COLLATE frappe,
  "b" INTEGER NOT NULL DEFAULT 0,
  "_user_tags" TEXT COLLATE frappe,
  "_comments" TEXT COLLATE frappe,
  "_assign" TEXT COLLATE frappe,
  "_liked_by" TEXT COLLATE frappe,
  "gone" TEXT COLLATE frappe,
  "old" INTEGER);
INSERT INTO "tabNote__rebuild" ("name", "creation", "modified", "modified_by", "owner", "docstatus", "idx", "a", "b", "_user_tags", "_comments", "_assign", "_liked_by", "gone", "old") SELECT "name", "creation", "modified", "modified_by", "owner", COALESCE("docstatus", 0), COALESCE("idx", 0), "a", COALESCE(CAST("b" AS INTEGER), 0), "_user_tags", "_comments", "_assign", "_liked_by", "gone", "old" FROM "tabNote";
DROP TABLE "tabNote";
ALTER TABLE "tabNote__rebuild" RENAME TO "tabNote";
CREATE INDEX a_b_index ON tabNote (a, b);
DROP INDEX "tabNote_a_index";

-- mariadb
SELECT `name`, `b` FROM `tabNote` WHERE `b` IS NOT NULL ORDER BY `name` LIMIT ?; -- [5000]
ALTER TABLE `tabNote` MODIFY `a` varchar(140);
UPDATE `tabNote` SET `b` = 0 WHERE `b` IS NULL;
ALTER TABLE `tabNote` MODIFY `b` int(11) NOT NULL DEFAULT 0;
DROP INDEX `tabNote_a_index` ON `tabNote`;

-- postgres
SELECT "name", "b" FROM "tabNote" WHERE "b" IS NOT NULL ORDER BY "name" LIMIT $1; -- [5000]
ALTER TABLE "tabNote" ALTER COLUMN "a" DROP DEFAULT, ALTER COLUMN "a" DROP NOT NULL, ALTER COLUMN "a" TYPE varchar(140) COLLATE "frappe" USING CAST(CAST("a" AS text) AS varchar(140));
ALTER TABLE "tabNote" ALTER COLUMN "b" DROP DEFAULT, ALTER COLUMN "b" TYPE bigint USING COALESCE(CAST(CAST("b" AS text) AS bigint), 0), ALTER COLUMN "b" SET NOT NULL, ALTER COLUMN "b" SET DEFAULT 0;
DROP INDEX "tabNote_a_index";
