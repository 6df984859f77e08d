-- sqlite
INSERT INTO "tabNote" ("name", "owner", "creation", "modified", "modified_by", "docstatus", "idx", "title", "points", "rate", "on", "_user_tags", "_comments", "_assign", "_liked_by") VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?); -- ["N\"1",null,null,null,null,0,0,"12",0,1.5,"2026-01-02 00:00:00.000000",null,null,null,null]

-- mariadb
INSERT INTO `tabNote` (`name`, `owner`, `creation`, `modified`, `modified_by`, `docstatus`, `idx`, `title`, `points`, `rate`, `on`, `_user_tags`, `_comments`, `_assign`, `_liked_by`) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?); -- ["N\"1",null,null,null,null,0,0,"12",0,1.5,"2026-01-02 00:00:00.000000",null,null,null,null]

-- postgres
INSERT INTO "tabNote" ("name", "owner", "creation", "modified", "modified_by", "docstatus", "idx", "title", "points", "rate", "on", "_user_tags", "_comments", "_assign", "_liked_by") VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15); -- ["N\"1",null,null,null,null,0,0,"12",0,1.5,"2026-01-02 00:00:00.000000",null,null,null,null]
