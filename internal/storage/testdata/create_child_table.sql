-- sqlite
CREATE TABLE "tabRow" ("name" TEXT COLLATE frappe NOT NULL PRIMARY KEY,
  "creation" TEXT,
  "modified" TEXT,
  "modified_by" TEXT COLLATE frappe,
  "owner" TEXT COLLATE frappe,
  "docstatus" INTEGER NOT NULL DEFAULT 0,
  "idx" INTEGER NOT NULL DEFAULT 0,
  "a" TEXT COLLATE frappe,
  "parent" TEXT COLLATE frappe,
  "parentfield" TEXT COLLATE frappe,
  "parenttype" TEXT COLLATE frappe);
CREATE INDEX "tabRow_parent_index" ON "tabRow" ("parent");

-- mariadb
CREATE TABLE `tabRow` (`name` varchar(140) NOT NULL PRIMARY KEY,
  `creation` datetime(6),
  `modified` datetime(6),
  `modified_by` varchar(140),
  `owner` varchar(140),
  `docstatus` int(1) NOT NULL DEFAULT 0,
  `idx` int(8) NOT NULL DEFAULT 0,
  `a` varchar(140),
  `parent` varchar(140),
  `parentfield` varchar(140),
  `parenttype` varchar(140)) ENGINE=InnoDB ROW_FORMAT=DYNAMIC CHARACTER SET=utf8mb4 COLLATE=utf8mb4_unicode_ci;
CREATE INDEX `tabRow_parent_index` ON `tabRow` (`parent`);

-- postgres
CREATE TABLE "tabRow" ("name" varchar(140) COLLATE "frappe" NOT NULL PRIMARY KEY,
  "creation" timestamp(6),
  "modified" timestamp(6),
  "modified_by" varchar(140) COLLATE "frappe",
  "owner" varchar(140) COLLATE "frappe",
  "docstatus" smallint NOT NULL DEFAULT 0,
  "idx" bigint NOT NULL DEFAULT 0,
  "a" varchar(140) COLLATE "frappe",
  "parent" varchar(140) COLLATE "frappe",
  "parentfield" varchar(140) COLLATE "frappe",
  "parenttype" varchar(140) COLLATE "frappe");
CREATE INDEX "tabRow_parent_index" ON "tabRow" ("parent" NULLS FIRST);
