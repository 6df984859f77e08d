-- sqlite
CREATE TABLE IF NOT EXISTS "tabSingles" ("doctype" TEXT COLLATE frappe,
  "field" TEXT COLLATE frappe,
  "value" TEXT COLLATE frappe);
CREATE INDEX IF NOT EXISTS "tabSingles_index" ON "tabSingles" ("doctype", "field");
CREATE TABLE IF NOT EXISTS "tabSeries" ("name" TEXT COLLATE frappe,
  "current" INTEGER NOT NULL DEFAULT 0,
  PRIMARY KEY ("name"));
CREATE TABLE IF NOT EXISTS "__sequence" ("name" TEXT COLLATE frappe,
  "current" INTEGER NOT NULL DEFAULT 0,
  PRIMARY KEY ("name"));
CREATE TABLE IF NOT EXISTS "__Auth" ("doctype" TEXT COLLATE frappe,
  "name" TEXT COLLATE frappe,
  "fieldname" TEXT COLLATE frappe,
  "password" TEXT COLLATE frappe,
  "encrypted" INTEGER NOT NULL DEFAULT 0,
  PRIMARY KEY ("doctype",
  "name",
  "fieldname"));
CREATE TABLE IF NOT EXISTS "tabSessions" ("user" TEXT COLLATE frappe,
  "sid" TEXT COLLATE frappe,
  "ipaddress" TEXT COLLATE frappe,
  "status" TEXT COLLATE frappe,
  "device" TEXT COLLATE frappe,
  "sessiondata" TEXT COLLATE frappe,
  "lastupdate" TEXT,
  PRIMARY KEY ("sid"));
CREATE TABLE IF NOT EXISTS "__UserSettings" ("user" TEXT COLLATE frappe,
  "doctype" TEXT COLLATE frappe,
  "data" TEXT COLLATE frappe,
  PRIMARY KEY ("user",
  "doctype"));
CREATE TABLE IF NOT EXISTS "__Idempotency" ("id" TEXT COLLATE frappe,
  "fingerprint" TEXT COLLATE frappe,
  "answer" TEXT COLLATE frappe,
  "status" INTEGER NOT NULL DEFAULT 0,
  "creation" INTEGER NOT NULL DEFAULT 0,
  PRIMARY KEY ("id"));
CREATE INDEX IF NOT EXISTS "__Idempotency_index" ON "__Idempotency" ("creation");
CREATE TABLE IF NOT EXISTS "__global_search" ("doctype" TEXT COLLATE frappe,
  "name" TEXT COLLATE frappe,
  "title" TEXT COLLATE frappe,
  "route" TEXT COLLATE frappe,
  "content" TEXT COLLATE frappe,
  "published" INTEGER NOT NULL DEFAULT 0,
  PRIMARY KEY ("doctype",
  "name"));

-- mariadb
CREATE TABLE IF NOT EXISTS `tabSingles` (`doctype` varchar(255),
  `field` varchar(255),
  `value` longtext) ENGINE=InnoDB ROW_FORMAT=DYNAMIC CHARACTER SET=utf8mb4 COLLATE=utf8mb4_unicode_ci;
CREATE INDEX IF NOT EXISTS `tabSingles_index` ON `tabSingles` (`doctype`, `field`);
CREATE TABLE IF NOT EXISTS `tabSeries` (`name` varchar(255),
  `current` bigint(20) NOT NULL DEFAULT 0,
  PRIMARY KEY (`name`)) ENGINE=InnoDB ROW_FORMAT=DYNAMIC CHARACTER SET=utf8mb4 COLLATE=utf8mb4_unicode_ci;
CREATE TABLE IF NOT EXISTS `__sequence` (`name` varchar(255),
  `current` bigint(20) NOT NULL DEFAULT 0,
  PRIMARY KEY (`name`)) ENGINE=InnoDB ROW_FORMAT=DYNAMIC CHARACTER SET=utf8mb4 COLLATE=utf8mb4_unicode_ci;
CREATE TABLE IF NOT EXISTS `__Auth` (`doctype` varchar(255),
  `name` varchar(255),
  `fieldname` varchar(255),
  `password` longtext,
  `encrypted` bigint(20) NOT NULL DEFAULT 0,
  PRIMARY KEY (`doctype`,
  `name`,
  `fieldname`)) ENGINE=InnoDB ROW_FORMAT=DYNAMIC CHARACTER SET=utf8mb4 COLLATE=utf8mb4_unicode_ci;
CREATE TABLE IF NOT EXISTS `tabSessions` (`user` varchar(255),
  `sid` varchar(255),
  `ipaddress` varchar(255),
  `status` varchar(255),
  `device` varchar(255),
  `sessiondata` longtext,
  `lastupdate` datetime(6),
  PRIMARY KEY (`sid`)) ENGINE=InnoDB ROW_FORMAT=DYNAMIC CHARACTER SET=utf8mb4 COLLATE=utf8mb4_unicode_ci;
CREATE TABLE IF NOT EXISTS `__UserSettings` (`user` varchar(255),
  `doctype` varchar(255),
  `data` longtext,
  PRIMARY KEY (`user`,
  `doctype`)) ENGINE=InnoDB ROW_FORMAT=DYNAMIC CHARACTER SET=utf8mb4 COLLATE=utf8mb4_unicode_ci;
CREATE TABLE IF NOT EXISTS `__Idempotency` (`id` varchar(255),
  `fingerprint` varchar(255),
  `answer` longtext,
  `status` bigint(20) NOT NULL DEFAULT 0,
  `creation` bigint(20) NOT NULL DEFAULT 0,
  PRIMARY KEY (`id`)) ENGINE=InnoDB ROW_FORMAT=DYNAMIC CHARACTER SET=utf8mb4 COLLATE=utf8mb4_unicode_ci;
CREATE INDEX IF NOT EXISTS `__Idempotency_index` ON `__Idempotency` (`creation`);
CREATE TABLE IF NOT EXISTS `__global_search` (`doctype` varchar(255),
  `name` varchar(255),
  `title` varchar(255),
  `route` varchar(255),
  `content` longtext,
  `published` bigint(20) NOT NULL DEFAULT 0,
  PRIMARY KEY (`doctype`,
  `name`)) ENGINE=InnoDB ROW_FORMAT=DYNAMIC CHARACTER SET=utf8mb4 COLLATE=utf8mb4_unicode_ci;

-- postgres
CREATE TABLE IF NOT EXISTS "tabSingles" ("doctype" varchar(255) COLLATE "frappe",
  "field" varchar(255) COLLATE "frappe",
  "value" text COLLATE "frappe");
CREATE INDEX IF NOT EXISTS "tabSingles_index" ON "tabSingles" ("doctype", "field");
CREATE TABLE IF NOT EXISTS "tabSeries" ("name" varchar(255) COLLATE "frappe",
  "current" bigint NOT NULL DEFAULT 0,
  PRIMARY KEY ("name"));
CREATE TABLE IF NOT EXISTS "__sequence" ("name" varchar(255) COLLATE "frappe",
  "current" bigint NOT NULL DEFAULT 0,
  PRIMARY KEY ("name"));
CREATE TABLE IF NOT EXISTS "__Auth" ("doctype" varchar(255) COLLATE "frappe",
  "name" varchar(255) COLLATE "frappe",
  "fieldname" varchar(255) COLLATE "frappe",
  "password" text COLLATE "frappe",
  "encrypted" bigint NOT NULL DEFAULT 0,
  PRIMARY KEY ("doctype",
  "name",
  "fieldname"));
CREATE TABLE IF NOT EXISTS "tabSessions" ("user" varchar(255) COLLATE "frappe",
  "sid" varchar(255) COLLATE "frappe",
  "ipaddress" varchar(255) COLLATE "frappe",
  "status" varchar(255) COLLATE "frappe",
  "device" varchar(255) COLLATE "frappe",
  "sessiondata" text COLLATE "frappe",
  "lastupdate" timestamp,
  PRIMARY KEY ("sid"));
CREATE TABLE IF NOT EXISTS "__UserSettings" ("user" varchar(255) COLLATE "frappe",
  "doctype" varchar(255) COLLATE "frappe",
  "data" text COLLATE "frappe",
  PRIMARY KEY ("user",
  "doctype"));
CREATE TABLE IF NOT EXISTS "__Idempotency" ("id" varchar(255) COLLATE "frappe",
  "fingerprint" varchar(255) COLLATE "frappe",
  "answer" text COLLATE "frappe",
  "status" bigint NOT NULL DEFAULT 0,
  "creation" bigint NOT NULL DEFAULT 0,
  PRIMARY KEY ("id"));
CREATE INDEX IF NOT EXISTS "__Idempotency_index" ON "__Idempotency" ("creation");
CREATE TABLE IF NOT EXISTS "__global_search" ("doctype" varchar(255) COLLATE "frappe",
  "name" varchar(255) COLLATE "frappe",
  "title" varchar(255) COLLATE "frappe",
  "route" varchar(255) COLLATE "frappe",
  "content" text COLLATE "frappe",
  "published" bigint NOT NULL DEFAULT 0,
  PRIMARY KEY ("doctype",
  "name"));
