// Package bench measures the hot paths in-process through App.Handler(), each beside
// its own limit: the same SQL through the bare driver in a bare handler. Both run in
// turn within one benchmark, so that the ratio (x-limit) means something on a machine
// whose absolute times do not.
package bench

import (
	"context"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"freddo"
	"freddo/internal/storage/dbtest"
	"freddo/internal/storage/netdb"
)

// site is a demo site with an API user, and a bare connection to its database.
type site struct {
	app     *freddo.App
	handler http.Handler
	auth    string
	bare    bare
}

// onEach runs a benchmark on every database that the environment names.
func onEach(b *testing.B, fn func(b *testing.B, s *site)) {
	for _, kind := range dbtest.Kinds() {
		b.Run(kind, func(b *testing.B) { fn(b, open(b, kind)) })
	}
}

func open(b *testing.B, kind string) *site {
	b.Helper()
	dir, url := filepath.Join(b.TempDir(), "demo"), ""
	var at netdb.Address
	if kind != "sqlite" {
		at = dbtest.Name(b, dbtest.Server(b, kind))
		url = at.URL()
	}
	info, err := freddo.OpenDemoOn(context.Background(), dir, "v15", url, nil)
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() { _ = info.App.Close() })
	s := &site{app: info.App, handler: info.App.Handler(), auth: "token " + info.Key + ":" + info.Secret}
	switch kind {
	case "sqlite":
		s.bare = openSQLite(b, filepath.Join(dir, "site.db"))
	case "mariadb":
		s.bare = openMariaDB(b, at)
	default:
		s.bare = openPostgres(b, at)
	}
	return s
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

// bareSelect returns a handler that runs SELECTs and prints their rows. Values that a
// client sends are bound, as in ours: a database plans for values it knows otherwise.
func (s *site) bareSelect(b *testing.B, queries ...bareQuery) http.Handler {
	read := s.bare.reader(b, queries)
	return http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "application/json")
		_, _ = w.Write(read(make([]byte, 0, 4096)))
	})
}

func sel(sql string, args ...string) bareQuery { return bareQuery{sql, args} }

func serve(h http.Handler) func() {
	return func() {
		h.ServeHTTP(httptest.NewRecorder(), httptest.NewRequest(http.MethodGet, "/", nil))
	}
}

func BenchmarkPing(b *testing.B) {
	s := open(b, "sqlite") // the database has no part in it
	limit := http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "application/json")
		_, _ = io.WriteString(w, `{"message":"pong"}`)
	})
	compare(b, func() { s.do(b, http.MethodGet, "/api/method/ping", "") }, serve(limit))
}

func BenchmarkGetDoc(b *testing.B) {
	onEach(b, func(b *testing.B, s *site) {
		b.Run("children=5", func(b *testing.B) {
			name := s.order(b)
			limit := s.bareSelect(b, sel(`SELECT * FROM "tabSales Order" WHERE name = ?`, name),
				sel(`SELECT * FROM "tabSales Order Item" WHERE parent = ? AND parenttype = ? AND parentfield = ? ORDER BY idx`, name, "Sales Order", "items"))
			compare(b, func() { s.do(b, http.MethodGet, "/api/resource/Sales%20Order/"+name, "") }, serve(limit))
		})
	})
}

func BenchmarkList(b *testing.B) {
	onEach(b, func(b *testing.B, s *site) {
		b.Run("rows=20/fields=5", func(b *testing.B) {
			limit := s.bareSelect(b, sel(`SELECT name, customer_name, territory, credit_limit, modified FROM "tabCustomer" ORDER BY modified DESC LIMIT 20`))
			const target = `/api/resource/Customer?fields=[%22name%22,%22customer_name%22,%22territory%22,%22credit_limit%22,%22modified%22]&limit_page_length=20`
			compare(b, func() { s.do(b, http.MethodGet, target, "") }, serve(limit))
		})
		b.Run("rows=1000/fields=10", func(b *testing.B) {
			copies := s.copyRow(b, "tabCustomer", "CUST-001")
			n := 0
			s.bare.inserter(b, copies, copies)(&n, 1000)
			const fields = "name, customer_name, customer_group, territory, email_id, phone, credit_limit, disabled, customer_since, modified"
			limit := s.bareSelect(b, sel(`SELECT `+fields+` FROM "tabCustomer" ORDER BY modified DESC LIMIT 1000`))
			target := `/api/resource/Customer?limit_page_length=1000&fields=[%22` + strings.ReplaceAll(fields, ", ", "%22,%22") + `%22]`
			compare(b, func() { s.do(b, http.MethodGet, target, "") }, serve(limit))
		})
		b.Run("filters=link+in+between", func(b *testing.B) {
			for range 20 {
				s.order(b)
			}
			limit := s.bareSelect(b, sel(`SELECT name, customer, status, grand_total, modified FROM "tabSales Order" WHERE customer = ? AND status IN (?, ?)`+
				` AND transaction_date BETWEEN ? AND ? ORDER BY modified DESC LIMIT 20`, "CUST-001", "Draft", "To Deliver", "2026-01-01", "2026-12-31"))
			target := `/api/resource/Sales%20Order?fields=[%22name%22,%22customer%22,%22status%22,%22grand_total%22,%22modified%22]&filters=` +
				url.QueryEscape(`[["customer","=","CUST-001"],["status","in",["Draft","To Deliver"]],["transaction_date","between",["2026-01-01","2026-12-31"]]]`)
			compare(b, func() { s.do(b, http.MethodGet, target, "") }, serve(limit))
		})
	})
}

const orderBody = `{"customer":"CUST-001","transaction_date":"2026-01-02","items":[` +
	`{"item_code":"ITEM-001","qty":1,"rate":10},{"item_code":"ITEM-002","qty":2,"rate":10},{"item_code":"ITEM-003","qty":3,"rate":10},` +
	`{"item_code":"ITEM-004","qty":4,"rate":10},{"item_code":"ITEM-005","qty":5,"rate":10}]}`

// order inserts an order with five rows and returns its name.
func (s *site) order(b *testing.B) string {
	w := s.do(b, http.MethodPost, "/api/resource/Sales%20Order", orderBody)
	_, rest, ok := strings.Cut(w.Body.String(), `"name":"`) // the client is not what is measured
	name, _, _ := strings.Cut(rest, `"`)
	if !ok || name == "" {
		b.Fatal(w.Body)
	}
	return name
}

// BenchmarkInsert compares with the inserts of the same six rows in one durable
// transaction.
func BenchmarkInsert(b *testing.B) {
	onEach(b, func(b *testing.B, s *site) {
		b.Run("children=5", func(b *testing.B) {
			name := s.order(b)
			row := s.bare.texts(b, `SELECT name FROM "tabSales Order Item" WHERE parent = '`+name+`'`)[0]
			parent, child := s.copyRow(b, "tabSales Order", name), s.copyRow(b, "tabSales Order Item", row)
			insert := s.bare.inserter(b, parent, child)
			n := 0
			compare(b, func() { s.order(b) }, func() { insert(&n, 5) })
		})
	})
}

// copyRow is a statement that inserts a copy of a row under another name.
func (s *site) copyRow(b *testing.B, table, from string) string {
	var cols []string
	for _, c := range s.bare.columns(b, table) {
		if c != "name" {
			cols = append(cols, `"`+c+`"`)
		}
	}
	list := strings.Join(cols, ", ")
	return `INSERT INTO "` + table + `" (name, ` + list + `) SELECT ` + s.bare.placeholder() + `, ` + list + ` FROM "` + table + `" WHERE name = '` + from + `'`
}
