package mariadb

import (
	"context"
	"errors"
	"fmt"

	"freddo/internal/storage/netdb"
)

// ErrNotEmpty says that the database of a new site holds tables already.
var ErrNotEmpty = errors.New("the database is not empty; give a new site a database of its own")

// Create makes sure that a database for a new site is there and empty; made tells
// whether it was created now.
func Create(ctx context.Context, a netdb.Address) (made bool, err error) {
	err = withServer(ctx, a, func(l *link) error {
		n, err := count(ctx, l, "SELECT COUNT(*) FROM information_schema.SCHEMATA WHERE SCHEMA_NAME = ?", a.Name)
		if err != nil {
			return err
		}
		if n == 0 {
			made = true
			_, err := l.exec(ctx, "CREATE DATABASE "+quote(a.Name)+" CHARACTER SET utf8mb4 COLLATE utf8mb4_unicode_ci", nil)
			return err
		}
		n, err = count(ctx, l, "SELECT COUNT(*) FROM information_schema.TABLES WHERE TABLE_SCHEMA = ?", a.Name)
		if err == nil && n > 0 {
			err = ErrNotEmpty
		}
		return err
	})
	if err != nil {
		return false, fmt.Errorf("database %s: %w", a.Name, err)
	}
	return made, nil
}

// Drop removes a database, or (keep) only the tables in it.
func Drop(ctx context.Context, a netdb.Address, keep bool) error {
	return withServer(ctx, a, func(l *link) error {
		if !keep {
			_, err := l.exec(ctx, "DROP DATABASE IF EXISTS "+quote(a.Name), nil)
			return err
		}
		tables, err := texts(ctx, l, "SELECT TABLE_NAME FROM information_schema.TABLES WHERE TABLE_SCHEMA = ?", a.Name)
		if err != nil {
			return err
		}
		for _, t := range tables {
			if _, err := l.exec(ctx, "DROP TABLE "+quote(a.Name)+"."+quote(t), nil); err != nil {
				return err
			}
		}
		return nil
	})
}

// Copy makes a new database with the tables and rows of another, for tests.
func Copy(ctx context.Context, from netdb.Address, name string) error {
	return withServer(ctx, from, func(l *link) error {
		if _, err := l.exec(ctx, "CREATE DATABASE "+quote(name)+" CHARACTER SET utf8mb4 COLLATE utf8mb4_unicode_ci", nil); err != nil {
			return err
		}
		tables, err := texts(ctx, l, "SELECT TABLE_NAME FROM information_schema.TABLES WHERE TABLE_SCHEMA = ?", from.Name)
		if err != nil {
			return err
		}
		for _, t := range tables {
			if err := copyTable(ctx, l, quote(from.Name)+"."+quote(t), quote(name)+"."+quote(t)); err != nil {
				return err
			}
		}
		_, err = l.exec(ctx, "COMMIT", nil)
		return err
	})
}

func copyTable(ctx context.Context, l *link, from, to string) error {
	if _, err := l.exec(ctx, "CREATE TABLE "+to+" LIKE "+from, nil); err != nil {
		return err
	}
	if some, err := texts(ctx, l, "SELECT 1 FROM "+from+" LIMIT 1"); err != nil || len(some) == 0 {
		return err
	}
	_, err := l.exec(ctx, "INSERT INTO "+to+" SELECT * FROM "+from, nil)
	return err
}

func withServer(ctx context.Context, a netdb.Address, fn func(l *link) error) error {
	a.Name = ""
	c, err := connector(a, nil)
	if err != nil {
		return err
	}
	l, err := connect(ctx, c)
	if err != nil {
		return err
	}
	defer l.Close()
	return fn(l)
}

func quote(name string) string { return string(Dialect{}.AppendIdent(nil, name)) }

// texts reads the first column of a query.
func texts(ctx context.Context, l *link, sql string, args ...string) ([]string, error) {
	rows, err := l.QueryContext(ctx, sql, named(args...))
	if err != nil {
		return nil, l.translate(ctx, sql, err)
	}
	s := newSource(ctx, l, sql, rows)
	defer func() { _ = s.Close() }()
	var out []string
	for {
		ok, err := s.Next()
		if err != nil || !ok {
			return out, err
		}
		out = append(out, string(s.Raw(0).Bytes))
	}
}

func count(ctx context.Context, l *link, sql string, args ...string) (int64, error) {
	rows, err := l.QueryContext(ctx, sql, named(args...))
	if err != nil {
		return 0, l.translate(ctx, sql, err)
	}
	s := newSource(ctx, l, sql, rows)
	defer func() { _ = s.Close() }()
	ok, err := s.Next()
	if err != nil || !ok {
		return 0, err
	}
	return s.Raw(0).Int, nil
}
