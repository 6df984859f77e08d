-- sqlite
ALTER TABLE "tabNote" RENAME TO "tabMemo";
DROP INDEX "tabNote_a_unique";
CREATE UNIQUE INDEX "tabMemo_a_unique" ON "tabMemo" ("a");

-- mariadb
ALTER TABLE `tabNote` RENAME TO `tabMemo`;
DROP INDEX `tabNote_a_unique` ON `tabMemo`;
CREATE UNIQUE INDEX `tabMemo_a_unique` ON `tabMemo` (`a`);

-- postgres
ALTER TABLE "tabNote" RENAME TO "tabMemo";
DROP INDEX "tabNote_a_unique";
CREATE UNIQUE INDEX "tabMemo_a_unique" ON "tabMemo" ("a" NULLS FIRST);
