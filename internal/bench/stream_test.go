package bench

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"runtime"
	"runtime/debug"
	"strconv"
	"strings"
	"testing"

	sqlite3 "github.com/ncruces/go-sqlite3"

	"freddo"
)

const (
	manyRows   = 200_000
	manyOrders = 50_000
)

// TestALongListNeedsLittleMemory reads 200,000 rows in one request from a served site.
func TestALongListNeedsLittleMemory(t *testing.T) {
	if runtime.GOOS != "linux" {
		t.Skip("resident memory is read from /proc, which only Linux has")
	}
	srv, auth := longList(t)
	for _, target := range []string{
		`/api/resource/Customer?fields=["name","customer_name","territory","credit_limit","modified"]&limit_page_length=0`,
		`/api/resource/Customer?fields=["*"]&limit_page_length=0&order_by=customer_name%20asc`, // no index: the database sorts
		`/api/method/frappe.client.get_list?doctype=Customer&fields=["name","modified"]&limit_page_length=0`,
		`/api/resource/Sales%20Order?fields=["name","customer"]&include=children&limit_page_length=0`,
	} {
		debug.FreeOSMemory()
		if err := os.WriteFile("/proc/self/clear_refs", []byte("5"), 0); err != nil {
			t.Fatal("the peak of resident memory cannot be reset:", err)
		}
		before := memory(t, "VmRSS")
		n := get(t, srv.URL+strings.ReplaceAll(target, `"`, "%22"), auth, io.Discard)
		grown := memory(t, "VmHWM") - before
		t.Logf("%s: %d MB of JSON, resident memory grows by %.1f MB", target, n>>20, float64(grown)/1024)
		if grown > 20*1024 {
			t.Errorf("resident memory grows by %d KB, want at most 20 MB", grown)
		}
	}
}

// TestALongListIsWhole compares the parts, put together, with what was stored.
func TestALongListIsWhole(t *testing.T) {
	srv, auth := longList(t)
	for target, key := range map[string]string{
		`/api/resource/Customer?fields=["name"]&limit_page_length=0`:                              "data",
		`/api/method/frappe.client.get_list?doctype=Customer&fields=["name"]&limit_page_length=0`: "message",
		`/api/v2/document/Customer?fields=["name"]&limit=1000000`:                                 "data",
	} {
		var body bytes.Buffer
		get(t, srv.URL+strings.ReplaceAll(target, `"`, "%22"), auth, &body)
		var v map[string][]struct{ Name string }
		if err := json.Unmarshal(body.Bytes(), &v); err != nil {
			t.Fatalf("%s: %v", target, err)
		}
		seen := map[string]bool{}
		for _, row := range v[key] {
			seen[row.Name] = true
		}
		if len(v[key]) != manyRows+200 || len(seen) != len(v[key]) {
			t.Errorf("%s: %d rows, %d names, want %d", target, len(v[key]), len(seen), manyRows+200)
		}
	}
}

// TestALongListWithChildrenIsWhole: every order comes once, with its two rows.
func TestALongListWithChildrenIsWhole(t *testing.T) {
	srv, auth := longList(t)
	for _, page := range []string{"limit_page_length=0", "limit_page_length=1000", "limit_page_length=2001"} {
		var body bytes.Buffer
		get(t, srv.URL+"/api/resource/Sales%20Order?filters=%7B%22customer%22:%22M-0000001%22%7D&order_by=name%20asc&include=children&"+page, auth, &body)
		var v struct {
			Data []struct {
				Name  string
				Items []struct{ Idx int }
			}
		}
		if err := json.Unmarshal(body.Bytes(), &v); err != nil {
			t.Fatalf("%s: %v", page, err)
		}
		for i, row := range v.Data {
			if row.Name != fmt.Sprintf("M-%07d", i+1) || len(row.Items) != 2 || row.Items[0].Idx != 1 || row.Items[1].Idx != 2 {
				t.Fatalf("%s: row %d is %+v", page, i, row)
			}
		}
		if want, _ := strconv.Atoi(strings.TrimPrefix(page, "limit_page_length=")); len(v.Data) != want && (want != 0 || len(v.Data) != manyOrders) {
			t.Errorf("%s: %d rows", page, len(v.Data))
		}
	}
}

// longList serves a demo site with 200,000 more customers, and orders of one of them.
func longList(t *testing.T) (srv *httptest.Server, auth string) {
	t.Helper()
	dir := filepath.Join(t.TempDir(), "demo")
	info, err := freddo.OpenDemo(t.Context(), dir, "v15", nil)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = info.App.Close() })
	db, err := sqlite3.Open(filepath.Join(dir, "site.db"))
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = db.Close() }()
	// The comparison stands in for the site's: these names are plain.
	if err := db.CreateCollation("frappe", bytes.Compare); err != nil {
		t.Fatal(err)
	}
	err = db.Exec(fmt.Sprintf(`PRAGMA synchronous = OFF;
		INSERT INTO "tabCustomer" (name, creation, modified, owner, modified_by, docstatus, idx, customer_name, customer_group, territory, credit_limit)
		WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < %d)
		SELECT printf('M-%%07d', i), '2020-01-01 00:00:00.000000', '2020-01-01 00:00:00.000000', 'Administrator', 'Administrator', 0, 0,
			'Customer ' || (i * 7919 %% 200003), 'Premium', 'Lisbon', i FROM n;
		INSERT INTO "tabSales Order" (name, creation, modified, owner, modified_by, docstatus, idx, customer)
		WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < %d)
		SELECT printf('M-%%07d', i), '2020-01-01 00:00:00.000000', '2020-01-01 00:00:00.000000', 'Administrator', 'Administrator', 0, 0, 'M-0000001' FROM n;
		INSERT INTO "tabSales Order Item" (name, creation, modified, owner, modified_by, docstatus, idx, parent, parenttype, parentfield, item_code, qty)
		SELECT o.name || '-' || k.value, o.creation, o.modified, o.owner, o.owner, 0, k.value, o.name, 'Sales Order', 'items', 'ITEM-001', 1
		FROM "tabSales Order" o, json_each('[1,2]') k WHERE o.name LIKE 'M-%%'`, manyRows, manyOrders))
	if err != nil {
		t.Fatal(err)
	}
	srv = httptest.NewServer(info.App.Handler())
	t.Cleanup(srv.Close)
	return srv, "token " + info.Key + ":" + info.Secret
}

func get(t *testing.T, url, auth string, w io.Writer) int64 {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, url, nil)
	if err != nil {
		t.Fatal(err)
	}
	req.Header.Set("Authorization", auth)
	res, err := http.DefaultClient.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer res.Body.Close()
	n, err := io.Copy(w, res.Body)
	if err != nil || res.StatusCode != http.StatusOK {
		t.Fatalf("%s: %s, %v", url, res.Status, err)
	}
	return n
}

// memory reads a figure of /proc/self/status in KB.
func memory(t *testing.T, key string) int {
	t.Helper()
	b, err := os.ReadFile("/proc/self/status")
	if err != nil {
		t.Fatal(err)
	}
	_, rest, _ := strings.Cut(string(b), key+":")
	n, err := strconv.Atoi(strings.Fields(rest)[0])
	if err != nil {
		t.Fatal(err)
	}
	return n
}
