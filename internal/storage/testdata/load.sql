-- sqlite
SELECT "name", "owner", "creation", "modified", "modified_by", "docstatus", "idx", "title", "points", "rate", "on", "_user_tags", "_comments", "_assign", "_liked_by" FROM "tabNote" WHERE "name" = ?; -- ["N\"1"]
SELECT "name", "owner", "creation", "modified", "modified_by", "docstatus", "idx", "title", "points", "rate", "on", "_user_tags", "_comments", "_assign", "_liked_by" FROM "tabNote" WHERE "name" = ?; -- ["N\"1"]
SELECT "name", "owner", "creation", "modified", "modified_by", "docstatus", "idx", "a", "parent", "parentfield", "parenttype" FROM "tabNote Row" WHERE "parent" = ? AND "parenttype" = ? AND "parentfield" = ? ORDER BY "idx"; -- ["N\"1","Note","rows"]
SELECT "name" FROM "tabNote" WHERE "name" = ?; -- ["N\"1"]

-- mariadb
SELECT `name`, `owner`, `creation`, `modified`, `modified_by`, `docstatus`, `idx`, `title`, `points`, `rate`, `on`, `_user_tags`, `_comments`, `_assign`, `_liked_by` FROM `tabNote` WHERE `name` = ?; -- ["N\"1"]
SELECT `name`, `owner`, `creation`, `modified`, `modified_by`, `docstatus`, `idx`, `title`, `points`, `rate`, `on`, `_user_tags`, `_comments`, `_assign`, `_liked_by` FROM `tabNote` WHERE `name` = ? FOR UPDATE; -- ["N\"1"]
SELECT `name`, `owner`, `creation`, `modified`, `modified_by`, `docstatus`, `idx`, `a`, `parent`, `parentfield`, `parenttype` FROM `tabNote Row` WHERE `parent` = ? AND `parenttype` = ? AND `parentfield` = ? ORDER BY `idx`; -- ["N\"1","Note","rows"]
SELECT `name` FROM `tabNote` WHERE `name` = ?; -- ["N\"1"]

-- postgres
SELECT "name", "owner", "creation", "modified", "modified_by", "docstatus", "idx", "title", "points", "rate", "on", "_user_tags", "_comments", "_assign", "_liked_by" FROM "tabNote" WHERE "name" = $1; -- ["N\"1"]
SELECT "name", "owner", "creation", "modified", "modified_by", "docstatus", "idx", "title", "points", "rate", "on", "_user_tags", "_comments", "_assign", "_liked_by" FROM "tabNote" WHERE "name" = $1 FOR UPDATE; -- ["N\"1"]
SELECT "name", "owner", "creation", "modified", "modified_by", "docstatus", "idx", "a", "parent", "parentfield", "parenttype" FROM "tabNote Row" WHERE "parent" = $1 AND "parenttype" = $2 AND "parentfield" = $3 ORDER BY "idx"; -- ["N\"1","Note","rows"]
SELECT "name" FROM "tabNote" WHERE "name" = $1; -- ["N\"1"]
