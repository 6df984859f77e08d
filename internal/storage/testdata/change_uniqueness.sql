-- sqlite
DROP INDEX "tabNote_a_unique";
CREATE INDEX "tabNote_a_index" ON "tabNote" ("a");
DROP INDEX "tabNote_b_index";
CREATE UNIQUE INDEX "tabNote_b_unique" ON "tabNote" ("b");

-- mariadb
DROP INDEX `tabNote_a_unique` ON `tabNote`;
CREATE INDEX `tabNote_a_index` ON `tabNote` (`a`);
DROP INDEX `tabNote_b_index` ON `tabNote`;
CREATE UNIQUE INDEX `tabNote_b_unique` ON `tabNote` (`b`);

-- postgres
DROP INDEX "tabNote_a_unique";
CREATE INDEX "tabNote_a_index" ON "tabNote" ("a" NULLS FIRST);
DROP INDEX "tabNote_b_index";
CREATE UNIQUE INDEX "tabNote_b_unique" ON "tabNote" ("b" NULLS FIRST);
