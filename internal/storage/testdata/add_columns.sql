-- sqlite
ALTER TABLE "tabNote" ADD COLUMN "a" TEXT COLLATE frappe;
ALTER TABLE "tabNote" ADD COLUMN "b" INTEGER NOT NULL DEFAULT 0;
CREATE UNIQUE INDEX "tabNote_a_unique" ON "tabNote" ("a");
CREATE INDEX "tabNote_b_index" ON "tabNote" ("b");

-- mariadb
ALTER TABLE `tabNote` ADD COLUMN `a` varchar(140);
ALTER TABLE `tabNote` ADD COLUMN `b` int(11) NOT NULL DEFAULT 0;
CREATE UNIQUE INDEX `tabNote_a_unique` ON `tabNote` (`a`);
CREATE INDEX `tabNote_b_index` ON `tabNote` (`b`);

-- postgres
ALTER TABLE "tabNote" ADD COLUMN "a" varchar(140) COLLATE "frappe";
ALTER TABLE "tabNote" ADD COLUMN "b" bigint NOT NULL DEFAULT 0;
CREATE UNIQUE INDEX "tabNote_a_unique" ON "tabNote" ("a" NULLS FIRST);
CREATE INDEX "tabNote_b_index" ON "tabNote" ("b" NULLS FIRST);
