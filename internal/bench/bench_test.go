// Package bench measures the hot paths in-process through App.Handler(), each beside
// its own limit: the same SQL through the bare driver in a bare handler. Both run in
// turn within one benchmark, so that the ratio (x-limit) means something on a machine
// whose absolute times do not.
package bench

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"strings"
	"testing"
	"time"

	sqlite3 "github.com/ncruces/go-sqlite3"

	"freddo"
	"freddo/document"
)

// site is a demo site with an API user, and a bare connection to its database.
type site struct {
	app     *freddo.App
	handler http.Handler
	auth    string
	bare    *sqlite3.Conn
}

func open(b *testing.B) *site {
	b.Helper()
	dir := filepath.Join(b.TempDir(), "demo")
	info, err := freddo.OpenDemo(context.Background(), dir, "v15", nil)
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() { _ = info.App.Close() })
	bare, err := sqlite3.Open(filepath.Join(dir, "site.db"))
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() { _ = bare.Close() })
	if err := bare.Exec("PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; PRAGMA busy_timeout = 10000"); err != nil {
		b.Fatal(err)
	}
	// The comparison of the column's collation is the database's work in both.
	err = bare.CreateCollation("frappe", func(x, y []byte) int { return strings.Compare(string(x), string(y)) })
	if err != nil {
		b.Fatal(err)
	}
	return &site{app: info.App, handler: info.App.Handler(), auth: "token " + info.Key + ":" + info.Secret, bare: bare}
}

func (s *site) do(b *testing.B, method, target, body string) *httptest.ResponseRecorder {
	var r io.Reader
	if body != "" {
		r = strings.NewReader(body)
	}
	req := httptest.NewRequest(method, target, r)
	req.Header.Set("Authorization", s.auth)
	req.Header.Set("Accept", "application/json")
	if body != "" {
		req.Header.Set("Content-Type", "application/json")
	}
	w := httptest.NewRecorder()
	s.handler.ServeHTTP(w, req)
	if w.Code != http.StatusOK {
		b.Fatalf("%s %s: %d %s", method, target, w.Code, w.Body)
	}
	return w
}

// compare runs ours and the limit in turn and reports their ratio.
func compare(b *testing.B, ours, limit func()) {
	ours()
	limit()
	var a, z time.Duration
	b.ReportAllocs()
	for b.Loop() {
		start := time.Now()
		ours()
		middle := time.Now()
		limit()
		a += middle.Sub(start)
		z += time.Since(middle)
	}
	b.ReportMetric(float64(a.Nanoseconds())/float64(b.N), "ns/freddo")
	b.ReportMetric(float64(z.Nanoseconds())/float64(b.N), "ns/limit")
	b.ReportMetric(float64(a)/float64(z), "x-limit")
}

// bareSelect returns a handler that runs one prepared SELECT and prints its rows.
func (s *site) bareSelect(b *testing.B, columns int, queries ...string) http.Handler {
	stmts := make([]*sqlite3.Stmt, len(queries))
	for i, q := range queries {
		stmt, _, err := s.bare.Prepare(q)
		if err != nil {
			b.Fatal(err)
		}
		b.Cleanup(func() { _ = stmt.Close() })
		stmts[i] = stmt
	}
	return http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		dst := make([]byte, 0, 4096)
		for _, stmt := range stmts {
			n := stmt.ColumnCount()
			for stmt.Step() {
				dst = append(dst, '{')
				for i := range n {
					dst = document.Python.AppendKey(dst, "column")
					switch stmt.ColumnType(i) {
					case sqlite3.INTEGER:
						dst = fmt.Appendf(dst, "%d", stmt.ColumnInt64(i))
					case sqlite3.FLOAT:
						dst = document.Python.AppendFloat(dst, stmt.ColumnFloat(i))
					case sqlite3.NULL:
						dst = append(dst, "null"...)
					default:
						dst = document.Python.AppendBytes(dst, stmt.ColumnRawText(i))
					}
					dst = append(dst, ',')
				}
				dst = append(dst, '}')
			}
			_ = stmt.Reset()
		}
		w.Header().Set("Content-Type", "application/json")
		_, _ = w.Write(dst)
	})
}

func serve(h http.Handler) func() {
	return func() {
		h.ServeHTTP(httptest.NewRecorder(), httptest.NewRequest(http.MethodGet, "/", nil))
	}
}

func BenchmarkPing(b *testing.B) {
	s := open(b)
	limit := http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "application/json")
		_, _ = io.WriteString(w, `{"message":"pong"}`)
	})
	compare(b, func() { s.do(b, http.MethodGet, "/api/method/ping", "") }, serve(limit))
}

func BenchmarkGetDoc(b *testing.B) {
	b.Run("children=5", func(b *testing.B) {
		s := open(b)
		name := s.order(b)
		limit := s.bareSelect(b, 0,
			`SELECT * FROM "tabSales Order" WHERE name = '`+name+`'`,
			`SELECT * FROM "tabSales Order Item" WHERE parent = '`+name+`' AND parenttype = 'Sales Order' AND parentfield = 'items' ORDER BY idx`)
		compare(b, func() { s.do(b, http.MethodGet, "/api/resource/Sales%20Order/"+name, "") }, serve(limit))
	})
}

func BenchmarkList(b *testing.B) {
	for _, tc := range []struct {
		rows   int
		fields string
		sql    string
	}{
		{20, `["name","customer_name","territory","credit_limit","modified"]`, `name, customer_name, territory, credit_limit, modified`},
	} {
		b.Run(fmt.Sprintf("rows=%d/fields=5", tc.rows), func(b *testing.B) {
			s := open(b)
			limit := s.bareSelect(b, 5, fmt.Sprintf(`SELECT %s FROM "tabCustomer" ORDER BY modified DESC LIMIT %d`, tc.sql, tc.rows))
			target := fmt.Sprintf("/api/resource/Customer?fields=%s&limit_page_length=%d", strings.ReplaceAll(tc.fields, `"`, "%22"), tc.rows)
			compare(b, func() { s.do(b, http.MethodGet, target, "") }, serve(limit))
		})
	}
}

const orderBody = `{"customer":"CUST-001","transaction_date":"2026-01-02","items":[` +
	`{"item_code":"ITEM-001","qty":1,"rate":10},{"item_code":"ITEM-002","qty":2,"rate":10},{"item_code":"ITEM-003","qty":3,"rate":10},` +
	`{"item_code":"ITEM-004","qty":4,"rate":10},{"item_code":"ITEM-005","qty":5,"rate":10}]}`

// order inserts an order with five rows and returns its name.
func (s *site) order(b *testing.B) string {
	w := s.do(b, http.MethodPost, "/api/resource/Sales%20Order", orderBody)
	v, err := document.ParseJSON(w.Body.String())
	if err != nil {
		b.Fatal(err)
	}
	return v.Map().Get("data").Map().Str("name")
}

// BenchmarkInsert compares with the inserts of the same six rows in one durable
// transaction.
func BenchmarkInsert(b *testing.B) {
	b.Run("children=5", func(b *testing.B) {
		s := open(b)
		n := 0
		copyRow := func(table, from string) string {
			var cols []string
			stmt, _, err := s.bare.Prepare(`SELECT name FROM pragma_table_info('` + table + `') WHERE name <> 'name'`)
			if err != nil {
				b.Fatal(err)
			}
			for stmt.Step() {
				cols = append(cols, `"`+stmt.ColumnText(0)+`"`)
			}
			_ = stmt.Close()
			list := strings.Join(cols, ", ")
			return `INSERT INTO "` + table + `" (name, ` + list + `) SELECT ?, ` + list + ` FROM "` + table + `" WHERE name = '` + from + `'`
		}
		name := s.order(b)
		var row string
		stmt, _, err := s.bare.Prepare(`SELECT name FROM "tabSales Order Item" WHERE parent = '` + name + `'`)
		if err != nil {
			b.Fatal(err)
		}
		if stmt.Step() {
			row = stmt.ColumnText(0)
		}
		_ = stmt.Close()
		parent, _, err := s.bare.Prepare(copyRow("tabSales Order", name))
		if err != nil {
			b.Fatal(err)
		}
		child, _, err := s.bare.Prepare(copyRow("tabSales Order Item", row))
		if err != nil {
			b.Fatal(err)
		}
		insert := func(stmt *sqlite3.Stmt) {
			n++
			_ = stmt.BindText(1, fmt.Sprintf("bare-%d", n))
			if err := stmt.Exec(); err != nil {
				b.Fatal(err)
			}
		}
		limit := func() {
			if err := s.bare.Exec("BEGIN IMMEDIATE"); err != nil {
				b.Fatal(err)
			}
			insert(parent)
			for range 5 {
				insert(child)
			}
			if err := s.bare.Exec("COMMIT"); err != nil {
				b.Fatal(err)
			}
		}
		compare(b, func() { s.order(b) }, limit)
		_ = parent.Close()
		_ = child.Close()
	})
}
