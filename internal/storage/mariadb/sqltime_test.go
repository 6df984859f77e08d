package mariadb_test

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"math/rand"
	"strings"
	"testing"

	"github.com/go-sql-driver/mysql"

	"freddo/document"
	"freddo/internal/storage/dbtest"
)

// columnsOfTime are the column types and how a document's value is stored in each.
var columnsOfTime = []struct {
	name string
	of   func(document.Value) (string, bool)
}{
	{"date", document.StoredDateOf}, {"datetime(6)", document.StoredDatetimeOf}, {"time(6)", document.StoredTimeOf},
}

// TestDatesAreReadAsMariaDBReadsThem: the grammar in document/sqltime.go against the
// database's own, for texts and numbers made at random from what dates are made of.
func TestDatesAreReadAsMariaDBReadsThem(t *testing.T) {
	t.Parallel()
	a := dbtest.Server(t, "mariadb")
	cfg := mysql.NewConfig()
	cfg.Net, cfg.Addr, cfg.User, cfg.Passwd = "tcp", fmt.Sprintf("%s:%d", a.Host, a.Port), a.User, a.Password
	cfg.InterpolateParams = true
	db, err := sql.Open("mysql", cfg.FormatDSN())
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = db.Close() }()
	conn, err := db.Conn(context.Background())
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = conn.Close() }()
	name := dbtest.FreeName()
	for _, text := range []string{"CREATE DATABASE " + name, "USE " + name,
		"CREATE TABLE t (id INT PRIMARY KEY, c0 DATE, c1 DATETIME(6), c2 TIME(6)) ENGINE=Memory", "INSERT INTO t VALUES (1, NULL, NULL, NULL)"} {
		if _, err := conn.ExecContext(context.Background(), text); err != nil {
			t.Fatal(err)
		}
	}
	defer func() { _, _ = conn.ExecContext(context.Background(), "DROP DATABASE "+name) }()
	random := rand.New(rand.NewSource(7))
	for range 4000 {
		v, arg := anyMoment(random)
		for i, c := range columnsOfTime {
			got, ok := c.of(v)
			want, wantOK := stored(t, conn, i, arg)
			if ok != wantOK || ok && got != want {
				t.Errorf("%s of %v: %q %v, MariaDB has %q %v", c.name, arg, got, ok, want, wantOK)
			}
		}
		if t.Failed() && random.Intn(20) == 0 {
			return
		}
	}
}

// stored writes a value into a column and reads it back; ok is false when it is refused.
func stored(t *testing.T, conn *sql.Conn, i int, arg any) (string, bool) {
	t.Helper()
	ctx := context.Background()
	_, err := conn.ExecContext(ctx, fmt.Sprintf("UPDATE t SET c%d = ?", i), arg)
	var refused *mysql.MySQLError
	if errors.As(err, &refused) {
		return "", false
	}
	var text string
	if err == nil {
		err = conn.QueryRowContext(ctx, fmt.Sprintf("SELECT CAST(c%d AS CHAR) FROM t", i)).Scan(&text)
	}
	if err != nil {
		t.Fatal(err)
	}
	return text, true
}

// anyMoment makes a text or a number that looks like a date or a time, more or less.
func anyMoment(r *rand.Rand) (document.Value, any) {
	if r.Intn(5) == 0 {
		n := r.Int63n([]int64{100, 10000, 999999, 99999999, 999999999999, 99999999999999}[r.Intn(6)])
		if r.Intn(3) == 0 {
			n = (int64(r.Intn(3000))*10000 + int64(r.Intn(13))*100 + int64(r.Intn(32))) * []int64{1, 1000000}[r.Intn(2)]
		}
		if r.Intn(10) == 0 {
			n = -n
		}
		return document.IntOf(n), n
	}
	pick := func(list ...string) string { return list[r.Intn(len(list))] }
	n := func(max, width int) string { return fmt.Sprintf("%0*d", width, r.Intn(max)) }
	var s strings.Builder
	if r.Intn(4) > 0 { // a date
		s.WriteString(pick("", "", "", "", "", "", " ", "+"))
		sep := pick("-", "-", "-", "/", ".", "_", ":", "")
		s.WriteString(pick(n(2100, 4), n(2100, 4), n(100, 2), n(10, 1), "0000"))
		s.WriteString(sep + pick(n(13, 2), n(13, 1), n(14, 2), "02") + sep + pick(n(32, 2), n(33, 1), "29", "30"))
		s.WriteString(pick("", "", "T", " ", " ", "  ", "-", "."))
	} else {
		s.WriteString(pick("", "", "", "", "", "", " ", "-", "+"))
		s.WriteString(pick("", "", "", "1 ", "34 ", "2  "))
	}
	if r.Intn(3) > 0 {
		sep := pick(":", ":", ":", "-", "")
		s.WriteString(pick(n(24, 2), n(24, 1), n(24, 2), n(900, 3)))
		for range r.Intn(4) {
			s.WriteString(sep + pick(n(60, 2), n(60, 2), n(62, 1)))
		}
		s.WriteString(pick("", "", "", ".", ".5", ".123456", ".12345678"))
	}
	s.WriteString(pick("", "", "", "", "", "", " ", "x", "Z"))
	return document.Text(s.String()), s.String()
}
