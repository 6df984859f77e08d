-- sqlite

-- mariadb

-- postgres
