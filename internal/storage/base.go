package storage

import (
	"context"

	"freddo/doctype"
)

// baseTable is a table without a DocType.
type baseTable struct {
	name    string
	columns []ColumnSpec
	key     []string
	index   []string
}

// baseTables are the tables that upstream creates from SQL files, and one of ours.
// Source: frappe/database/mariadb/framework_mariadb.sql.
func baseTables() []baseTable {
	text := func(names ...string) []ColumnSpec {
		var out []ColumnSpec
		for _, n := range names {
			out = append(out, ColumnSpec{Name: n, Size: doctype.SizeVarchar, Length: 255})
		}
		return out
	}
	number := func(name string) ColumnSpec {
		return ColumnSpec{Name: name, Size: doctype.SizeBigInt, NotNull: true, Default: "0"}
	}
	long := func(name string) ColumnSpec { return ColumnSpec{Name: name, Size: doctype.SizeLong} }
	return []baseTable{
		{name: singles, columns: append(text("doctype", "field"), long("value")), index: []string{"doctype", "field"}},
		{name: "tabSeries", columns: append(text("name"), number("current")), key: []string{"name"}},
		{name: "__sequence", columns: append(text("name"), number("current")), key: []string{"name"}},
		{name: authTable, columns: append(text("doctype", "name", "fieldname"), long("password"), number("encrypted")), key: []string{"doctype", "name", "fieldname"}},
		{name: "tabSessions", columns: append(text("user", "sid", "ipaddress", "status", "device"), long("sessiondata"), ColumnSpec{Name: "lastupdate", Size: doctype.SizeDatetime}), key: []string{"sid"}},
		{name: "__UserSettings", columns: append(text("user", "doctype"), long("data")), key: []string{"user", "doctype"}},
		{name: KeptTable, columns: append(text("id", "fingerprint"), long("answer"), number("status"), number("creation")), key: []string{"id"}, index: []string{"creation"}},
		{name: "__global_search", columns: append(text("doctype", "name", "title", "route"), long("content"), number("published")), key: []string{"doctype", "name"}},
	}
}

// CreateBase creates the tables that no DocType describes, where they are missing.
func (tx *Tx) CreateBase(ctx context.Context) error {
	for _, t := range baseTables() {
		b := NewBuilder(tx.Dialect()).SQL("CREATE TABLE IF NOT EXISTS ").Ident(t.name).SQL(" (")
		for i, c := range t.columns {
			if i > 0 {
				b.SQL(", ")
			}
			appendSpec(b, c)
		}
		if len(t.key) > 0 {
			b.SQL(", PRIMARY KEY (")
			for i, k := range t.key {
				if i > 0 {
					b.SQL(", ")
				}
				b.Ident(k)
			}
			b.SQL(")")
		}
		if _, err := tx.Exec(ctx, b.SQL(")").SQL(tx.Dialect().TableSuffix())); err != nil {
			return err
		}
		if len(t.index) > 0 {
			ix := NewBuilder(tx.Dialect()).SQL("CREATE INDEX IF NOT EXISTS ").Ident(t.name + "_index").SQL(" ON ").Ident(t.name).SQL(" (")
			for i, k := range t.index {
				if i > 0 {
					ix.SQL(", ")
				}
				ix.Ident(k)
			}
			if _, err := tx.Exec(ctx, ix.SQL(")")); err != nil {
				return err
			}
		}
	}
	return nil
}
