package postgres

import (
	"context"
	"errors"
	"fmt"

	"freddo/internal/storage/netdb"
)

// ErrNotEmpty says that the database of a new site holds tables already.
var ErrNotEmpty = errors.New("the database is not empty; give a new site a database of its own")

// Create makes sure that a database for a new site is there and empty; made tells
// whether it was created now. Text compares and sorts as on MariaDB: see collation.
// Errors: ErrNotEmpty, ErrCannotCollate.
func Create(ctx context.Context, a netdb.Address) (made bool, err error) {
	err = withDatabase(ctx, a, "postgres", func(l *link) error {
		if n, err := l.number(ctx, "SELECT COUNT(*) FROM pg_database WHERE datname = $1", a.Name); err != nil || n > 0 {
			return err
		}
		made = true
		create := "CREATE DATABASE " + quote(a.Name) + " TEMPLATE template0 ENCODING 'UTF8'"
		if l.run(ctx, create+" LOCALE_PROVIDER icu ICU_LOCALE 'und' LOCALE 'C'") == nil {
			return nil
		}
		return l.run(ctx, create)
	})
	if err == nil {
		err = withDatabase(ctx, a, a.Name, func(l *link) error {
			n, err := l.number(ctx, "SELECT COUNT(*) FROM pg_class t JOIN pg_namespace n ON n.oid = t.relnamespace WHERE n.nspname = CURRENT_SCHEMA() AND t.relkind = $1", "r")
			switch {
			case err != nil:
				return err
			case n > 0:
				return ErrNotEmpty
			}
			return addCollation(ctx, l)
		})
		if err != nil && made {
			err = errors.Join(err, Drop(ctx, a, false))
		}
	}
	if err != nil {
		return false, fmt.Errorf("database %s: %w", a.Name, err)
	}
	return made, nil
}

// Drop removes a database, or (keep) only the tables in it.
func Drop(ctx context.Context, a netdb.Address, keep bool) error {
	if !keep {
		return withDatabase(ctx, a, "postgres", func(l *link) error {
			return l.run(ctx, "DROP DATABASE IF EXISTS "+quote(a.Name)+" WITH (FORCE)")
		})
	}
	return withDatabase(ctx, a, a.Name, func(l *link) error {
		return l.run(ctx, `DO $$ DECLARE t record; BEGIN
			FOR t IN SELECT tablename FROM pg_tables WHERE schemaname = CURRENT_SCHEMA() LOOP
			EXECUTE 'DROP TABLE ' || quote_ident(t.tablename); END LOOP; END $$; DROP COLLATION IF EXISTS `+collation)
	})
}

// Copy makes a new database with the tables and rows of another, to which nobody is
// connected. For tests.
func Copy(ctx context.Context, from netdb.Address, name string) error {
	return withDatabase(ctx, from, "postgres", func(l *link) error {
		return l.run(ctx, "CREATE DATABASE "+quote(name)+" TEMPLATE "+quote(from.Name)+" STRATEGY FILE_COPY")
	})
}

func withDatabase(ctx context.Context, a netdb.Address, name string, fn func(l *link) error) error {
	a.Name = name
	l, err := connect(ctx, a, nil)
	if err != nil {
		return err
	}
	defer l.Close()
	return fn(l)
}

func quote(name string) string { return string(Dialect{}.AppendIdent(nil, name)) }

// number reads one number.
func (l *link) number(ctx context.Context, sql, arg string) (int64, error) {
	s, err := newSource(ctx, l, sql, answer{ResultReader: l.pg.ExecParams(ctx, sql, [][]byte{[]byte(arg)}, nil, nil, nil)})
	if err != nil {
		return 0, err
	}
	if ok, err := s.Next(); err != nil || !ok {
		return 0, err
	}
	n := s.Raw(0).Int
	return n, s.Close()
}
