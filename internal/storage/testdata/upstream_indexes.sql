-- sqlite
DROP INDEX "b";

-- mariadb
DROP INDEX `b` ON `tabNote`;

-- postgres
DROP INDEX "b";
