-- sqlite

-- mariadb
SELECT MAX(CHAR_LENGTH(`a`)) FROM `tabNote`;
SELECT MAX(CHAR_LENGTH(`a`)) FROM `tabNote`;
ALTER TABLE `tabNote` MODIFY `a` varchar(100);

-- postgres
SELECT MAX(CHAR_LENGTH("a")) FROM "tabNote";
SELECT MAX(CHAR_LENGTH("a")) FROM "tabNote";
ALTER TABLE "tabNote" ALTER COLUMN "a" DROP DEFAULT, ALTER COLUMN "a" DROP NOT NULL, ALTER COLUMN "a" TYPE varchar(100) COLLATE "frappe" USING CAST(CAST("a" AS text) AS varchar(100));
