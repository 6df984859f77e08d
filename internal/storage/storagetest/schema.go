package storagetest

import (
	"context"
	"strings"
	"testing"

	"freddo/doctype"
	"freddo/document"
	"freddo/internal/storage"
)

func schemaTests() []test {
	return []test{
		{"unchanged", testUnchanged}, {"add column", testAddColumn}, {"columns stay", testColumnsStay}, {"number to text", testNumberToText},
		{"text to number", testTextToNumber}, {"text to float and back", testFloatAndBack}, {"unique on and off", testUniqueOnOff},
		{"unique on duplicates", testUniqueDuplicates}, {"becomes a child table", testBecomesChild}, {"rename table", testRenameTable},
		{"rolled back", testSchemaRollback}, {"long names", testLongNames}, {"indexes survive", testIndexesSurvive}, {"index off", testIndexOff},
		{"index of text", testTextIndex}, {"every change of type", testEveryRetype}, {"a refused change is refused again", testRefusedAgain},
		{"what cannot be undone is checked first", testCheckedFirst},
	}
}

const thing = "Suite Thing"

// sync makes the table of Suite Thing have the given fields.
func (s *site) sync(t *testing.T, fields string) (*doctype.DocType, storage.SyncResult, error) {
	t.Helper()
	return s.syncWith(t, fields, "")
}

func (s *site) syncWith(t *testing.T, fields, props string) (*doctype.DocType, storage.SyncResult, error) {
	t.Helper()
	dt := parse(t, `{"name": "`+thing+`", `+props+`"fields": [`+fields+`]}`)
	var res storage.SyncResult
	err := s.try(func(ctx context.Context, tx *storage.Tx) (err error) {
		res, err = tx.SyncTable(ctx, dt, storage.SchemaOptions{IndexModified: true})
		return err
	})
	return dt, res, err
}

// put stores a Suite Thing.
func (s *site) put(t *testing.T, dt *doctype.DocType, name string, pairs ...any) {
	t.Helper()
	noErr(t, s.tryPut(dt, name, pairs...))
}

func (s *site) tryPut(dt *doctype.DocType, name string, pairs ...any) error {
	return s.try(func(ctx context.Context, tx *storage.Tx) error {
		d := document.New(dt)
		d.SetName(name)
		set(d, pairs...)
		return tx.Insert(ctx, d, storage.WriteOptions{})
	})
}

// value reads one column of a stored Suite Thing.
func (s *site) value(t *testing.T, dt *doctype.DocType, name, field string) (v document.Value) {
	t.Helper()
	s.read(t, func(ctx context.Context, tx *storage.Tx) {
		d, err := tx.Load(ctx, dt, document.Text(name), storage.LoadOptions{})
		noErr(t, err)
		v = d.Get(field)
	})
	return v
}

func testUnchanged(t *testing.T, s *site) {
	const fields = `{"fieldname": "a", "fieldtype": "Data", "unique": 1}, {"fieldname": "b", "fieldtype": "Int", "search_index": 1},
		{"fieldname": "c", "fieldtype": "JSON"}, {"fieldname": "d", "fieldtype": "Currency"}, {"fieldname": "e", "fieldtype": "Datetime"},
		{"fieldname": "f", "fieldtype": "Check"}, {"fieldname": "g", "fieldtype": "Long Text"}, {"fieldname": "h", "fieldtype": "Time"}`
	_, res, err := s.sync(t, fields)
	noErr(t, err)
	if !res.Created {
		t.Error("not created")
	}
	_, res, err = s.sync(t, fields)
	noErr(t, err)
	if res.Created || len(res.Added)+len(res.Changed) > 0 {
		t.Errorf("second sync = %+v, want nothing", res)
	}
}

func testAddColumn(t *testing.T, s *site) {
	dt, _, err := s.sync(t, `{"fieldname": "a", "fieldtype": "Data"}`)
	noErr(t, err)
	s.put(t, dt, "X", "a", "1")
	dt, res, err := s.sync(t, `{"fieldname": "a", "fieldtype": "Data"}, {"fieldname": "b", "fieldtype": "Int", "default": "7"}, {"fieldname": "c", "fieldtype": "Data"},
		{"fieldname": "d", "fieldtype": "Select", "default": "It's open"}, {"fieldname": "e", "fieldtype": "Date", "default": "Today"},
		{"fieldname": "f", "fieldtype": "Datetime", "default": "2026-1-2"}`)
	noErr(t, err)
	sameNames(t, res.Added, "b", "c", "d", "e", "f")
	same(t, "d", s.value(t, dt, "X", "d"), document.Text("It's open"))
	same(t, "e", s.value(t, dt, "X", "e"), document.NullValue)
	same(t, "f", s.value(t, dt, "X", "f"), document.Text("2026-01-02 00:00:00"))
	same(t, "a", s.value(t, dt, "X", "a"), document.Text("1"))
	same(t, "b", s.value(t, dt, "X", "b"), document.IntOf(7))
	same(t, "c", s.value(t, dt, "X", "c"), document.NullValue)
}

func testColumnsStay(t *testing.T, s *site) {
	dt, _, err := s.sync(t, `{"fieldname": "a", "fieldtype": "Data"}, {"fieldname": "b", "fieldtype": "Int"}`)
	noErr(t, err)
	s.put(t, dt, "X", "a", "kept", "b", 5)
	_, _, err = s.sync(t, `{"fieldname": "b", "fieldtype": "Data"}`) // a is gone, b changes its type
	noErr(t, err)
	dt, _, err = s.sync(t, `{"fieldname": "A", "fieldtype": "Data"}, {"fieldname": "b", "fieldtype": "Data"}`)
	noErr(t, err)
	same(t, "a", s.value(t, dt, "X", "A"), document.Text("kept"))
	same(t, "b", s.value(t, dt, "X", "b"), document.Text("5"))
}

func testNumberToText(t *testing.T, s *site) {
	dt, _, err := s.sync(t, `{"fieldname": "a", "fieldtype": "Int"}`)
	noErr(t, err)
	s.put(t, dt, "X", "a", 12)
	dt, res, err := s.sync(t, `{"fieldname": "a", "fieldtype": "Data", "unique": 1}`)
	noErr(t, err)
	sameNames(t, res.Changed, "a")
	same(t, "a", s.value(t, dt, "X", "a"), document.Text("12"))
	wantKind(t, s.tryPut(dt, "Y", "a", "12"), storage.UniqueViolation, "a")
	wantKind(t, s.tryPut(dt, "X"), storage.UniqueViolation, "name") // the key is still a key
}

func testTextToNumber(t *testing.T, s *site) {
	dt, _, err := s.sync(t, `{"fieldname": "a", "fieldtype": "Data"}`)
	noErr(t, err)
	for name, v := range map[string]any{"X": "12", "Y": nil, "Z": "-3"} {
		s.put(t, dt, name, "a", v)
	}
	dt, _, err = s.sync(t, `{"fieldname": "a", "fieldtype": "Int"}`)
	noErr(t, err)
	same(t, "text", s.value(t, dt, "X", "a"), document.IntOf(12))
	same(t, "null", s.value(t, dt, "Y", "a"), document.IntOf(0))
	same(t, "negative", s.value(t, dt, "Z", "a"), document.IntOf(-3))
	s.read(t, func(ctx context.Context, tx *storage.Tx) { // stored as numbers, so that they compare as numbers
		var n document.Value
		b := storage.NewBuilder(tx.Dialect()).SQL("SELECT COUNT(*) FROM ").Table(thing).SQL(" WHERE ").Ident("a").SQL(" > ").Int(5)
		_, err := tx.QueryRow(ctx, b, &n)
		noErr(t, err)
		same(t, "count", document.IntOf(document.Cint(n)), document.IntOf(1))
	})
}

func testFloatAndBack(t *testing.T, s *site) {
	dt, _, err := s.sync(t, `{"fieldname": "a", "fieldtype": "Int"}`)
	noErr(t, err)
	s.put(t, dt, "X", "a", 3)
	dt, _, err = s.sync(t, `{"fieldname": "a", "fieldtype": "Float"}`)
	noErr(t, err)
	same(t, "float", s.value(t, dt, "X", "a"), document.FloatOf(3))
	s.put(t, dt, "Y", "a", 2.5)
	_, _, err = s.sync(t, `{"fieldname": "a", "fieldtype": "Int"}, {"fieldname": "b", "fieldtype": "Data"}`)
	wantUnfit(t, err, "a", "Y", storage.Lost)
	same(t, "not rounded", s.value(t, dt, "Y", "a"), document.FloatOf(2.5))
	dt, _, err = s.sync(t, `{"fieldname": "a", "fieldtype": "Float"}`)
	noErr(t, err)
	s.put(t, dt, "Z", "a", 4)
	s.write(t, func(ctx context.Context, tx *storage.Tx) error {
		_, err := tx.Delete(ctx, dt, document.Text("Y"))
		return err
	})
	dt, _, err = s.sync(t, `{"fieldname": "a", "fieldtype": "Int"}`)
	noErr(t, err)
	same(t, "int", s.value(t, dt, "X", "a"), document.IntOf(3))
	same(t, "int", s.value(t, dt, "Z", "a"), document.IntOf(4))
}

func testUniqueOnOff(t *testing.T, s *site) {
	dt, _, err := s.sync(t, `{"fieldname": "a", "fieldtype": "Data"}`)
	noErr(t, err)
	s.put(t, dt, "X", "a", "1")
	_, _, err = s.sync(t, `{"fieldname": "a", "fieldtype": "Data", "unique": 1}`)
	noErr(t, err)
	wantKind(t, s.tryPut(dt, "Y", "a", "1"), storage.UniqueViolation, "a")
	_, _, err = s.sync(t, `{"fieldname": "a", "fieldtype": "Data"}`)
	noErr(t, err)
	noErr(t, s.tryPut(dt, "Y", "a", "1"))
}

func testUniqueDuplicates(t *testing.T, s *site) {
	dt, _, err := s.sync(t, `{"fieldname": "a", "fieldtype": "Data"}`)
	noErr(t, err)
	s.put(t, dt, "X", "a", "1")
	s.put(t, dt, "Y", "a", "1")
	_, _, err = s.sync(t, `{"fieldname": "a", "fieldtype": "Data", "unique": 1}`)
	wantKind(t, err, storage.UniqueViolation, "a")
	noErr(t, s.tryPut(dt, "Z", "a", "1"))
}

func testBecomesChild(t *testing.T, s *site) {
	_, _, err := s.sync(t, `{"fieldname": "a", "fieldtype": "Data"}`)
	noErr(t, err)
	dt, res, err := s.syncWith(t, `{"fieldname": "a", "fieldtype": "Data"}`, `"istable": 1, `)
	noErr(t, err)
	sameNames(t, res.Added, "parent", "parentfield", "parenttype")
	s.put(t, dt, "X", "parent", "P", "parentfield", "f", "parenttype", "T")
	same(t, "parent", s.value(t, dt, "X", "parent"), document.Text("P"))
}

func testRenameTable(t *testing.T, s *site) {
	dt, _, err := s.sync(t, `{"fieldname": "a", "fieldtype": "Data", "unique": 1}`)
	noErr(t, err)
	s.put(t, dt, "X", "a", "1")
	s.write(t, func(ctx context.Context, tx *storage.Tx) error {
		for table, want := range map[string]bool{"tab" + thing: true, "tabSuite Other": false} {
			got, err := tx.TableExists(ctx, table)
			noErr(t, err)
			if got != want {
				t.Errorf("%s exists = %v", table, got)
			}
		}
		return tx.RenameTable(ctx, "tab"+thing, "tabSuite Other")
	})
	other := parse(t, `{"name": "Suite Other", "fields": [{"fieldname": "a", "fieldtype": "Data", "unique": 1}]}`)
	same(t, "a", s.value(t, other, "X", "a"), document.Text("1"))
	s.write(t, func(ctx context.Context, tx *storage.Tx) error {
		_, err := tx.SyncTable(ctx, other, storage.SchemaOptions{IndexModified: true})
		return err
	})
	_, res, err := s.sync(t, `{"fieldname": "a", "fieldtype": "Data", "unique": 1}`) // the old name is free again, index names too
	noErr(t, err)
	if !res.Created {
		t.Error("not created")
	}
}

func testSchemaRollback(t *testing.T, s *site) {
	dt, _, err := s.sync(t, `{"fieldname": "a", "fieldtype": "Data"}`)
	noErr(t, err)
	s.put(t, dt, "X", "a", "1")
	wide := parse(t, `{"name": "`+thing+`", "fields": [{"fieldname": "a", "fieldtype": "Int"}, {"fieldname": "b", "fieldtype": "Data"}]}`)
	err = s.try(func(ctx context.Context, tx *storage.Tx) error {
		_, err := tx.SyncTable(ctx, wide, storage.SchemaOptions{})
		noErr(t, err)
		return errOops
	})
	if err != errOops {
		t.Fatal(err)
	}
	s.put(t, dt, "Y", "a", "2")
	same(t, "a", s.value(t, dt, "Y", "a"), document.Text("2"))
}

// testLongNames: DocType names go up to 61 characters and fieldnames as well; index
// names may not outgrow what databases take (63).
func testLongNames(t *testing.T, s *site) {
	long := "Suite Thing With A Name As Long As Upstream Lets It Be, Sixty"
	dt := parse(t, `{"name": "`+long+`", "fields": [
		{"fieldname": "a_fieldname_that_is_long_enough_to_pass_the_limit_one", "fieldtype": "Data", "unique": 1},
		{"fieldname": "a_fieldname_that_is_long_enough_to_pass_the_limit_two", "fieldtype": "Data", "unique": 1}]}`)
	for range 2 {
		s.write(t, func(ctx context.Context, tx *storage.Tx) error {
			res, err := tx.SyncTable(ctx, dt, storage.SchemaOptions{})
			if len(res.Changed)+len(res.Added) > 0 {
				t.Errorf("sync = %+v", res)
			}
			return err
		})
	}
	s.put(t, dt, "X", "a_fieldname_that_is_long_enough_to_pass_the_limit_two", "1")
	err := s.tryPut(dt, "Y", "a_fieldname_that_is_long_enough_to_pass_the_limit_two", "1")
	wantKind(t, err, storage.UniqueViolation, "a_fieldname_that_is_long_enough_to_pass_the_limit_two")
}

// testIndexesSurvive: an index that no field asks for (upstream's add_index) outlives
// changes of other columns.
func testIndexesSurvive(t *testing.T, s *site) {
	const a = `{"fieldname": "a", "fieldtype": "Data"}, `
	dt, _, err := s.sync(t, a+`{"fieldname": "b", "fieldtype": "Int"}`)
	noErr(t, err)
	s.write(t, func(ctx context.Context, tx *storage.Tx) error {
		b := storage.NewBuilder(tx.Dialect()).SQL("CREATE UNIQUE INDEX ").Ident("suite_a_owner_index").SQL(" ON ").Table(thing).
			SQL(" (").Ident("a").SQL(", ").Ident("owner").SQL(")")
		_, err := tx.Exec(ctx, b)
		return err
	})
	s.put(t, dt, "X", "a", "1", "owner", "o")
	dt, _, err = s.sync(t, a+`{"fieldname": "b", "fieldtype": "Data"}`)
	noErr(t, err)
	if e := kindOf(s.tryPut(dt, "Y", "a", "1", "owner", "o")); e == nil || e.Kind != storage.UniqueViolation {
		t.Errorf("error = %v, want a unique violation", e)
	}
}

// indexes counts the indexes on a column.
func (s *site) indexes(t *testing.T, dt *doctype.DocType, column string) (n int) {
	t.Helper()
	s.read(t, func(ctx context.Context, tx *storage.Tx) {
		b := storage.NewBuilder(tx.Dialect())
		tx.Dialect().InspectIndexes(b, "tab"+dt.Name)
		rows, err := tx.Query(ctx, b)
		noErr(t, err)
		defer rows.Close()
		for rows.Next() {
			if document.ToText(rows.Raw(1).Natural()) == column {
				n++
			}
		}
		noErr(t, rows.Err())
	})
	return n
}

func testIndexOff(t *testing.T, s *site) {
	for i, on := range []string{"1", "0", "1"} {
		dt, _, err := s.sync(t, `{"fieldname": "a", "fieldtype": "Data", "search_index": `+on+`}`)
		noErr(t, err)
		if n, want := s.indexes(t, dt, "a"), []int{1, 0, 1}[i]; n != want {
			t.Errorf("step %d: %d indexes on a, want %d", i, n, want)
		}
	}
}

// testTextIndex: text of any length can be indexed for equality. The index hinders no
// row, is made where it is missing, and neither doubled nor lost where one is there.
func testTextIndex(t *testing.T, s *site) {
	const a = `{"fieldname": "a", "fieldtype": "Code"}`
	dt, _, err := s.sync(t, a)
	noErr(t, err)
	long := strings.Repeat("0123456789", 20_000)
	s.put(t, dt, "X", "a", long)
	more := func(dt *doctype.DocType) {
		t.Helper()
		s.write(t, func(ctx context.Context, tx *storage.Tx) error {
			res, err := tx.SyncTable(ctx, dt, storage.SchemaOptions{More: map[string][]string{dt.Name: {"a"}}})
			if res.Created || len(res.Added)+len(res.Changed) > 0 {
				t.Errorf("sync = %+v, want nothing but the index", res)
			}
			return err
		})
		if n := s.indexes(t, dt, "a"); n != 1 {
			t.Errorf("%d indexes, want 1", n)
		}
	}
	more(dt)
	more(dt)
	s.put(t, dt, "Y", "a", long+"y")
	s.put(t, dt, "Z", "a", "/files/a.txt")
	find := func(dt *doctype.DocType) {
		t.Helper()
		for text, want := range map[string]string{long: "X", long + "y": "Y", "/FILES/A.TXT": "Z", "/files/a": ""} {
			s.read(t, func(ctx context.Context, tx *storage.Tx) {
				var name document.Value
				b := storage.NewBuilder(tx.Dialect()).SQL("SELECT ").Ident("name").SQL(" FROM ").Table(dt.Name).SQL(" WHERE ").Ident("a").SQL(" = ").Str(text)
				_, err := tx.QueryRow(ctx, b, &name)
				noErr(t, err)
				if got := document.ToText(name); got != want {
					t.Errorf("%.20s… is found as %q, want %q", text, got, want)
				}
			})
		}
	}
	find(dt)
	err = s.try(func(ctx context.Context, tx *storage.Tx) error {
		_, err := tx.SyncTable(ctx, dt, storage.SchemaOptions{}) // drops the index
		noErr(t, err)
		return errOops
	})
	if err != errOops {
		t.Fatal(err)
	}
	more(dt)
	s.write(t, func(ctx context.Context, tx *storage.Tx) error {
		return tx.RenameTable(ctx, "tab"+thing, "tabSuite Other")
	})
	other := parse(t, `{"name": "Suite Other", "fields": [`+a+`]}`)
	more(other)
	find(other)
}
