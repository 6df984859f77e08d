-- sqlite
CREATE INDEX "tabNote_a_index" ON "tabNote" ("a");

-- mariadb
CREATE INDEX `tabNote_a_index` ON `tabNote` (`a`(100));

-- postgres
CREATE INDEX "tabNote_a_index" ON "tabNote" USING hash ("a");
