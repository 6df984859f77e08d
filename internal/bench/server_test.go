package bench

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"net"
	"strconv"
	"strings"
	"testing"

	"github.com/go-sql-driver/mysql"
	"github.com/jackc/pgx/v5"

	"freddo/document"
	"freddo/internal/storage/netdb"
)

// mariaBare is MariaDB through database/sql, with prepared statements.
type mariaBare struct{ *sql.DB }

func openMariaDB(b *testing.B, a netdb.Address) bare {
	b.Helper()
	c := mysql.NewConfig()
	c.User, c.Passwd, c.DBName, c.Net = a.User, a.Password, a.Name, "tcp"
	c.Addr = net.JoinHostPort(a.Host, strconv.Itoa(a.Port))
	c.Params = map[string]string{"sql_mode": "'ANSI_QUOTES'"}
	connector, err := mysql.NewConnector(c)
	if err != nil {
		b.Fatal(err)
	}
	db := sql.OpenDB(connector)
	b.Cleanup(func() { _ = db.Close() })
	return mariaBare{db}
}

func (m mariaBare) placeholder() string { return "?" }

func (m mariaBare) prepare(b *testing.B, query string) *sql.Stmt {
	b.Helper()
	stmt, err := m.Prepare(query)
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() { _ = stmt.Close() })
	return stmt
}

func (m mariaBare) reader(b *testing.B, queries []bareQuery) func(dst []byte) []byte {
	var stmts []*sql.Stmt
	for _, q := range queries {
		stmts = append(stmts, m.prepare(b, q.sql))
	}
	return func(dst []byte) []byte {
		for i, stmt := range stmts {
			rows, err := stmt.Query(anys(queries[i].args)...)
			if err != nil {
				b.Fatal(err)
			}
			names, _ := rows.Columns()
			raw, ptr := make([]sql.RawBytes, len(names)), make([]any, len(names))
			for i := range raw {
				ptr[i] = &raw[i]
			}
			for rows.Next() {
				if err := rows.Scan(ptr...); err != nil {
					b.Fatal(err)
				}
				dst = append(dst, '{')
				for _, v := range raw {
					dst = appendText(dst, v)
				}
				dst = append(dst, '}')
			}
			if err := errors.Join(rows.Err(), rows.Close()); err != nil {
				b.Fatal(err)
			}
		}
		return dst
	}
}

func anys(texts []string) []any {
	out := make([]any, len(texts))
	for i, t := range texts {
		out[i] = t
	}
	return out
}

func appendText(dst, v []byte) []byte {
	dst = document.Python.AppendKey(dst, "column")
	if v == nil {
		dst = append(dst, "null"...)
	} else {
		dst = document.Python.AppendBytes(dst, v)
	}
	return append(dst, ',')
}

func (m mariaBare) texts(b *testing.B, query string) (out []string) {
	rows, err := m.Query(query)
	if err != nil {
		b.Fatal(err)
	}
	defer func() { _ = rows.Close() }()
	for rows.Next() {
		var s string
		if err := rows.Scan(&s); err != nil {
			b.Fatal(err)
		}
		out = append(out, s)
	}
	if err := rows.Err(); err != nil {
		b.Fatal(err)
	}
	return out
}

func (m mariaBare) columns(b *testing.B, table string) []string {
	return m.texts(b, `SELECT COLUMN_NAME FROM information_schema.COLUMNS WHERE TABLE_SCHEMA = DATABASE() AND TABLE_NAME = '`+table+`'`)
}

func (m mariaBare) inserter(b *testing.B, parent, child string) func(n *int, children int) {
	p, c := m.prepare(b, parent), m.prepare(b, child)
	return func(n *int, children int) {
		tx, err := m.Begin()
		if err != nil {
			b.Fatal(err)
		}
		for i := range children + 1 {
			stmt := c
			if i == 0 {
				stmt = p
			}
			*n++
			if _, err := tx.Stmt(stmt).Exec(fmt.Sprintf("bare-%d", *n)); err != nil {
				b.Fatal(err)
			}
		}
		if err := tx.Commit(); err != nil {
			b.Fatal(err)
		}
	}
}

// postgresBare is PostgreSQL through pgx, which prepares by itself.
type postgresBare struct{ *pgx.Conn }

func openPostgres(b *testing.B, a netdb.Address) bare {
	b.Helper()
	c, err := pgx.Connect(context.Background(), a.URL())
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() { _ = c.Close(context.Background()) })
	return postgresBare{c}
}

func (p postgresBare) placeholder() string { return "$1" }

func (p postgresBare) reader(b *testing.B, queries []bareQuery) func(dst []byte) []byte {
	ctx := context.Background()
	for i, q := range queries {
		for n := range q.args {
			queries[i].sql = strings.Replace(queries[i].sql, "?", "$"+strconv.Itoa(n+1), 1)
		}
	}
	return func(dst []byte) []byte {
		for _, q := range queries {
			rows, err := p.Query(ctx, q.sql, append([]any{pgx.QueryResultFormats{pgx.TextFormatCode}}, anys(q.args)...)...)
			if err != nil {
				b.Fatal(err)
			}
			for rows.Next() {
				dst = append(dst, '{')
				for _, v := range rows.RawValues() {
					dst = appendText(dst, v)
				}
				dst = append(dst, '}')
			}
			if rows.Close(); rows.Err() != nil {
				b.Fatal(rows.Err())
			}
		}
		return dst
	}
}

func (p postgresBare) texts(b *testing.B, query string) []string {
	rows, err := p.Query(context.Background(), query)
	if err != nil {
		b.Fatal(err)
	}
	out, err := pgx.CollectRows(rows, pgx.RowTo[string])
	if err != nil {
		b.Fatal(err)
	}
	return out
}

func (p postgresBare) columns(b *testing.B, table string) []string {
	return p.texts(b, `SELECT column_name::text FROM information_schema.columns WHERE table_schema = CURRENT_SCHEMA() AND table_name = '`+table+`'`)
}

func (p postgresBare) inserter(b *testing.B, parent, child string) func(n *int, children int) {
	ctx := context.Background()
	return func(n *int, children int) {
		tx, err := p.Begin(ctx)
		if err != nil {
			b.Fatal(err)
		}
		for i := range children + 1 {
			stmt := child
			if i == 0 {
				stmt = parent
			}
			*n++
			if _, err := tx.Exec(ctx, stmt, fmt.Sprintf("bare-%d", *n)); err != nil {
				b.Fatal(err)
			}
		}
		if err := tx.Commit(ctx); err != nil {
			b.Fatal(err)
		}
	}
}
