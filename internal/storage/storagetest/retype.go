package storagetest

import (
	"context"
	_ "embed"
	"errors"
	"fmt"
	"os"
	"slices"
	"strconv"
	"strings"
	"testing"

	"freddo/doctype"
	"freddo/document"
	"freddo/internal/storage"
)

// retypes are the outcomes of every change of type: what MariaDB's ALTER TABLE gives
// where it keeps the value, else the reason of the refusal. FREDDO_UPDATE=1 writes the
// file anew; do so on MariaDB.
//
//go:embed testdata/retypes.txt
var retypes string

// columnKinds are fields of every size of column, with values that are awkward for others.
var columnKinds = []struct {
	name, props string
	values      []any
}{
	{"Data", `"fieldtype": "Data"`, []any{"12", "007", "-3", "1.5", "", " 8 ", "abc", "1h", "3000000000", "99999999999999999999", "2024-02-29", "2024-02-30",
		"2024-02-29 10:11:12", "10:11:12", "{\"a\": 1}", "0.123456789123", "123456789012.123456789", strings.Repeat("é", 140), "0", "NaN", "0x10", "1e3", "+5", "2024-1-5"}},
	{"Data 20", `"fieldtype": "Data", "length": 20`, []any{"12", strings.Repeat("é", 20)}},
	{"Link", `"fieldtype": "Link", "options": "User"`, []any{"12", "Administrator"}},
	{"Select", `"fieldtype": "Select"`, []any{"3", "Open"}},
	{"Small Text", `"fieldtype": "Small Text"`, []any{"12", "abc", strings.Repeat("é", 300), "2024-02-29", "2.5", "[1]"}},
	{"Long Text", `"fieldtype": "Long Text"`, []any{"12", "two\nlines", strings.Repeat("x", 70_000), "10:00"}},
	{"JSON", `"fieldtype": "JSON"`, []any{"12", "{\"a\": [1, 2]}", "null", "\"2024-02-29\""}},
	{"Int", `"fieldtype": "Int"`, []any{0, 5, -2147483648, 2147483647, 20240229}},
	{"Int 20", `"fieldtype": "Int", "length": 20`, []any{0, 7, 3000000000, 9007199254740993}},
	{"Long Int", `"fieldtype": "Long Int"`, []any{1, -3000000000}},
	{"Check", `"fieldtype": "Check"`, []any{0, 1}},
	{"Float", `"fieldtype": "Float"`, []any{0.0, 2.5, 4.0, 0.555, 3e9, -0.000000001, 999999999999.5}},
	{"Duration", `"fieldtype": "Duration"`, []any{nil, 5400.0, 0.25}},
	{"Rating", `"fieldtype": "Rating"`, []any{nil, 0.5, 1.0}},
	{"Date", `"fieldtype": "Date"`, []any{nil, "2024-02-29"}},
	{"Datetime", `"fieldtype": "Datetime"`, []any{nil, "2024-02-29 10:11:12", "2024-02-29 10:11:12.345678", "2024-02-29 00:00:00"}},
	{"Time", `"fieldtype": "Time"`, []any{nil, "10:11:12", "00:00:00", "23:00:00.5"}},
}

// testEveryRetype changes fields of every type, with every value, to every other type.
// A value stays exactly what it was, or comes out as MariaDB converts it without loss.
func testEveryRetype(t *testing.T, s *site) {
	var lines []string
	for _, from := range columnKinds {
		lines = append(lines, s.retypeAll(t, from.name, from.props, from.values)...)
	}
	got := strings.Join(lines, "\n") + "\n"
	if os.Getenv("FREDDO_UPDATE") != "" {
		noErr(t, os.WriteFile("../storagetest/testdata/retypes.txt", []byte(got), 0o644))
		return
	}
	want := strings.Split(retypes, "\n")
	for i, line := range lines {
		before, _, _ := strings.Cut(line, " -> ")
		if strings.HasSuffix(at(want, i), `"refused: too wide"`) && strings.HasSuffix(line, before[strings.IndexByte(before, '"'):]) {
			continue // a catalogue that does not tell text from text (see doctypes.checkShortened); nothing is lost
		}
		if line != at(want, i) {
			t.Errorf("got  %s\nwant %s", line, at(want, i))
		}
	}
}

func at(lines []string, i int) string {
	if i < len(lines) {
		return lines[i]
	}
	return "(end)"
}

// retypeAll makes a table with a column for every value and every type, and changes all
// at once.
func (s *site) retypeAll(t *testing.T, name, props string, values []any) (lines []string) {
	t.Helper()
	table := "Suite " + name
	var before, after []string
	var pairs []any
	for i, v := range values {
		for j, to := range columnKinds {
			field := fmt.Sprintf("c%d_%d", i, j)
			before = append(before, `{"fieldname": "`+field+`", `+props+`}`)
			after = append(after, `{"fieldname": "`+field+`", `+to.props+`}`)
			pairs = append(pairs, field, v)
		}
	}
	// A row of MariaDB holds 65535 bytes, which are 116 columns of Data.
	for part := 0; len(before) > 0; part++ {
		n := min(len(before), 5*len(columnKinds))
		lines = append(lines, s.retypeSome(t, fmt.Sprint(table, " ", part), name, before[:n], after[:n], pairs[:2*n])...)
		before, after, pairs = before[n:], after[n:], pairs[2*n:]
	}
	return lines
}

func (s *site) retypeSome(t *testing.T, table, name string, before, after []string, pairs []any) (lines []string) {
	t.Helper()
	old := parse(t, `{"name": "`+table+`", "fields": [`+strings.Join(before, ",")+`]}`)
	now := parse(t, `{"name": "`+table+`", "fields": [`+strings.Join(after, ",")+`]}`)
	noErr(t, s.syncDocType(old, storage.SchemaOptions{}, nil))
	s.put(t, old, "X", pairs...)
	was := s.texts(t, old)
	unfit := map[string]*storage.Unfit{}
	// Refused columns one by one, as a save of the DocType refuses the first of them.
	fields := slices.Clone(after)
	for {
		err := s.syncDocType(parse(t, `{"name": "`+table+`", "fields": [`+strings.Join(fields, ",")+`]}`), storage.SchemaOptions{}, nil)
		var u *storage.Unfit
		if !errors.As(err, &u) {
			noErr(t, err)
			break
		}
		if unfit[u.Column] != nil {
			t.Fatalf("%s is refused again", u.Column)
		}
		if got := s.texts(t, old); !slices.Equal(got, was) {
			t.Fatalf("%s: a refusal of %s changed %v to %v", table, u.Column, was, got)
		}
		unfit[u.Column] = u
		for i := range fields {
			if old.Fields[i].Fieldname == u.Column {
				fields[i] = before[i]
			}
		}
	}
	become := s.texts(t, now)
	for i, f := range now.Fields {
		to := columnKinds[i%len(columnKinds)].name
		if name == to {
			continue
		}
		outcome := plainText(become[i])
		if u := unfit[f.Fieldname]; u != nil {
			outcome = "refused: " + [...]string{"", "not one", "too big", "too wide", "lost"}[u.Why]
			if become[i] != was[i] {
				t.Errorf("%s %q to %s: refused, and now %q", name, was[i], to, become[i])
			}
		} else if !keeps(was[i], become[i], f) {
			t.Errorf("%s %q to %s: became %q", name, was[i], to, become[i])
		}
		if outcome == "NULL" && f.Type.Class == doctype.FloatClass {
			outcome = "0" // the field says so either way
		}
		lines = append(lines, fmt.Sprintf("%s %s -> %s: %s", name, cut(plainText(was[i])), to, cut(outcome)))
	}
	return lines
}

func (s *site) syncDocType(dt *doctype.DocType, o storage.SchemaOptions, res *storage.SyncResult) error {
	return s.try(func(ctx context.Context, tx *storage.Tx) error {
		r, err := tx.SyncTable(ctx, dt, o)
		if res != nil {
			*res = r
		}
		return err
	})
}

// texts are the values of the fields of X as the database has them.
func (s *site) texts(t *testing.T, dt *doctype.DocType) (out []string) {
	t.Helper()
	s.read(t, func(ctx context.Context, tx *storage.Tx) {
		b := storage.NewBuilder(tx.Dialect()).SQL("SELECT ").Ident("name")
		for _, f := range dt.Fields {
			b.SQL(", ").Ident(f.Fieldname)
		}
		rows, err := tx.Query(ctx, b.SQL(" FROM ").Table(dt.Name))
		noErr(t, err)
		defer rows.Close()
		for rows.Next() {
			for i := range dt.Fields {
				text := "NULL"
				if v := rows.Raw(i + 1).Natural(); v.Kind() == document.Float {
					text = strconv.FormatFloat(v.Float(), 'f', -1, 64)
				} else if !v.IsNull() {
					text = document.ToText(v)
				}
				out = append(out, text)
			}
		}
		noErr(t, rows.Err())
	})
	return out
}

// plainText drops the zeros behind the point, of which databases write as many as the
// type has.
func plainText(text string) string {
	if _, err := strconv.ParseFloat(text, 64); err != nil && !strings.Contains(text, ":") || !strings.Contains(text, ".") {
		return text
	}
	return strings.TrimSuffix(strings.TrimRight(text, "0"), ".")
}

func cut(text string) string {
	text = strconv.Quote(text)
	if len(text) > 60 {
		return fmt.Sprintf("%.20s… (%d)", text, len(text))
	}
	return text
}

// keeps is what a change of type must keep, told without the code that judges it.
func keeps(before, after string, f *doctype.DocField) bool {
	before, after = strings.TrimSpace(plainText(before)), strings.TrimSpace(plainText(after))
	empty := func(s string) bool { return s == "NULL" || s == "0" }
	switch {
	case before == after || empty(before) && empty(after):
		return true
	case f.Fieldtype == "Date" && strings.HasPrefix(before, after+" "):
		return true
	case f.Fieldtype == "Datetime" && after == before+" 00:00:00":
		return true
	case f.Type.Class == doctype.DateClass || f.Type.Class == doctype.DatetimeClass || f.Type.Class == doctype.TimeClass:
		return before == "2024-1-5" && strings.HasPrefix(after, "2024-01-05") || before == "10:00" && after == "10:00:00"
	}
	return strings.TrimPrefix(before, "+") == after
}

func wantUnfit(t *testing.T, err error, column, row string, why storage.Misfit) {
	t.Helper()
	var u *storage.Unfit
	if !errors.As(err, &u) || u.Column != column || u.Row != row || u.Why != why {
		t.Fatalf("error = %v, want the value of %s in %s to be refused for %d", err, column, row, why)
	}
}

// testRefusedAgain: what counts is the column that is there. A DocType that has been
// changed already makes no difference, and a migration leaves the column alone.
func testRefusedAgain(t *testing.T, s *site) {
	dt, _, err := s.sync(t, `{"fieldname": "a", "fieldtype": "Data"}, {"fieldname": "b", "fieldtype": "Data"}`)
	noErr(t, err)
	s.put(t, dt, "X", "a", "abc", "b", "12")
	for _, kind := range []string{"Int", "Float", "Duration", "Rating", "Check", "Date", "Datetime", "Time", "JSON"} {
		changed := `{"fieldname": "a", "fieldtype": "` + kind + `"}, {"fieldname": "b", "fieldtype": "Int"}`
		for range 2 {
			_, _, err = s.sync(t, changed)
			wantUnfit(t, err, "a", "X", storage.NotOne)
		}
		_, _, err = s.sync(t, changed+`, {"fieldname": "c", "fieldtype": "Data"}`)
		wantUnfit(t, err, "a", "X", storage.NotOne)
		same(t, kind, s.value(t, dt, "X", "a"), document.Text("abc"))
		same(t, "the other column", s.value(t, dt, "X", "b"), document.Text("12"))
	}
	now := parse(t, `{"name": "`+thing+`", "fields": [{"fieldname": "a", "fieldtype": "Int"}, {"fieldname": "b", "fieldtype": "Int"}, {"fieldname": "c", "fieldtype": "Data"}]}`)
	var res storage.SyncResult
	noErr(t, s.syncDocType(now, storage.SchemaOptions{KeepUnfit: true}, &res))
	if len(res.Unfit) != 1 || res.Unfit[0].Column != "a" || !slices.Contains(res.Added, "c") || !slices.Contains(res.Changed, "b") {
		t.Errorf("a migration: %+v", res)
	}
	same(t, "after a migration", s.value(t, dt, "X", "a"), document.Text("abc"))
	dt, _, err = s.sync(t, `{"fieldname": "a", "fieldtype": "Data"}, {"fieldname": "b", "fieldtype": "Int"}`)
	noErr(t, err)
	same(t, "back", s.value(t, dt, "X", "a"), document.Text("abc"))
}

// testCheckedFirst: nothing is retyped when an index will be refused, and a rolled back
// change brings all back.
func testCheckedFirst(t *testing.T, s *site) {
	fields := func(on, number, unique string) string {
		return `{"fieldname": "on", "fieldtype": "` + on + `"}, {"fieldname": "n", "fieldtype": "` + number + `"}, {"fieldname": "u", "fieldtype": "Data", "unique": ` + unique + `}`
	}
	dt, _, err := s.sync(t, fields("Datetime", "Int", "0"))
	noErr(t, err)
	s.put(t, dt, "X", "on", "2024-02-29 10:11:12", "u", "1")
	s.put(t, dt, "Y", "u", "1")
	_, _, err = s.sync(t, fields("Date", "Date", "1"))
	wantKind(t, err, storage.UniqueViolation, "u")
	same(t, "on", s.value(t, dt, "X", "on"), document.Text("2024-02-29 10:11:12"))
	_, _, err = s.sync(t, `{"fieldname": "on", "fieldtype": "Date", "unique": 1}`)
	wantUnfit(t, err, "on", "X", storage.Lost)

	wide := parse(t, `{"name": "`+thing+`", "fields": [`+fields("Data", "Date", "0")+`]}`)
	err = s.try(func(ctx context.Context, tx *storage.Tx) error {
		_, err := tx.SyncTable(ctx, wide, storage.SchemaOptions{})
		noErr(t, err)
		return errOops
	})
	if err != errOops {
		t.Fatal(err)
	}
	same(t, "on", s.value(t, dt, "X", "on"), document.Text("2024-02-29 10:11:12"))
	same(t, "n", s.value(t, dt, "X", "n"), document.IntOf(0))
	s.put(t, dt, "Z", "n", 7)
	same(t, "n", s.value(t, dt, "Z", "n"), document.IntOf(7))
}
