-- sqlite
CREATE TABLE "tabNote" ("name" TEXT COLLATE frappe NOT NULL PRIMARY KEY,
  "creation" TEXT,
  "modified" TEXT,
  "modified_by" TEXT COLLATE frappe,
  "owner" TEXT COLLATE frappe,
  "docstatus" INTEGER NOT NULL DEFAULT 0,
  "idx" INTEGER NOT NULL DEFAULT 0,
  "a" TEXT COLLATE frappe,
  "_user_tags" TEXT COLLATE frappe,
  "_comments" TEXT COLLATE frappe,
  "_assign" TEXT COLLATE frappe,
  "_liked_by" TEXT COLLATE frappe);
CREATE INDEX "tabNote_a_index" ON "tabNote" ("a");

-- mariadb
CREATE TABLE `tabNote` (`name` varchar(140) NOT NULL PRIMARY KEY,
  `creation` datetime(6),
  `modified` datetime(6),
  `modified_by` varchar(140),
  `owner` varchar(140),
  `docstatus` int(1) NOT NULL DEFAULT 0,
  `idx` int(8) NOT NULL DEFAULT 0,
  `a` longtext,
  `_user_tags` text,
  `_comments` text,
  `_assign` text,
  `_liked_by` text) ENGINE=InnoDB ROW_FORMAT=DYNAMIC CHARACTER SET=utf8mb4 COLLATE=utf8mb4_unicode_ci;
CREATE INDEX `tabNote_a_index` ON `tabNote` (`a`(100));

-- postgres
CREATE TABLE "tabNote" ("name" varchar(140) COLLATE "frappe" NOT NULL PRIMARY KEY,
  "creation" timestamp(6),
  "modified" timestamp(6),
  "modified_by" varchar(140) COLLATE "frappe",
  "owner" varchar(140) COLLATE "frappe",
  "docstatus" smallint NOT NULL DEFAULT 0,
  "idx" bigint NOT NULL DEFAULT 0,
  "a" text COLLATE "frappe",
  "_user_tags" text COLLATE "frappe",
  "_comments" text COLLATE "frappe",
  "_assign" text COLLATE "frappe",
  "_liked_by" text COLLATE "frappe");
CREATE INDEX "tabNote_a_index" ON "tabNote" USING hash ("a");
