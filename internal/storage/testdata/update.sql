-- sqlite
UPDATE "tabNote" SET "owner" = ?, "creation" = ?, "modified" = ?, "modified_by" = ?, "docstatus" = ?, "idx" = ?, "title" = ?, "points" = ?, "rate" = ?, "on" = ? WHERE "name" = ?; -- [null,null,null,null,0,0,"12",0,1.5,"2026-01-02 00:00:00.000000","N\"1"]

-- mariadb
UPDATE `tabNote` SET `owner` = ?, `creation` = ?, `modified` = ?, `modified_by` = ?, `docstatus` = ?, `idx` = ?, `title` = ?, `points` = ?, `rate` = ?, `on` = ? WHERE `name` = ?; -- [null,null,null,null,0,0,"12",0,1.5,"2026-01-02 00:00:00.000000","N\"1"]

-- postgres
UPDATE "tabNote" SET "owner" = $1, "creation" = $2, "modified" = $3, "modified_by" = $4, "docstatus" = $5, "idx" = $6, "title" = $7, "points" = $8, "rate" = $9, "on" = $10 WHERE "name" = $11; -- [null,null,null,null,0,0,"12",0,1.5,"2026-01-02 00:00:00.000000","N\"1"]
