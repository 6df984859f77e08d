package storage

import (
	"context"
	"fmt"
	"hash/fnv"
	"slices"
	"sort"
	"strconv"
	"strings"

	"freddo/doctype"
	"freddo/document"
)

// ColumnSpec is a column as a DocType wants it.
type ColumnSpec struct {
	Name string
	Size doctype.Size
	// Length is the varchar length; 0 means 140.
	Length int
	// NotNull columns have a default; numbers are never null.
	NotNull bool
	// Default is the default as an SQL literal; "" means none. It fills the rows that
	// are there when the column is added, inserts always give a value.
	Default string
	// Field says that a DocField asks for the column.
	Field bool
	// PrimaryKey marks the name column; Integer makes it a number.
	PrimaryKey, Integer bool
	// Unique and Index ask for an index on the column.
	Unique, Index bool
	// LongIndex says that the index is on text of any length, for equality alone.
	LongIndex bool
}

// SchemaOptions are the release's choices. Source: frappe/database/mariadb/schema.py.
type SchemaOptions struct {
	// IndexModified and IndexCreation index that standard column of ordinary tables.
	IndexModified, IndexCreation bool
	// More are further columns to index, by DocType: those that upstream's code indexes
	// rather than a DocField. Columns of text are indexed for equality.
	More map[string][]string
	// AddOnly adds the columns that are missing and leaves types and indexes as they are.
	AddOnly bool
	// KeepUnfit leaves the type of columns with values that the new type would not hold,
	// and tells them, instead of failing: a migration must come to its end.
	KeepUnfit bool
}

// SyncResult tells what SyncTable did.
type SyncResult struct {
	Created bool
	// Added and Changed are columns.
	Added, Changed []string
	// Kept are columns that stay longer than asked, since a stored value is.
	Kept []Kept
	// Unfit are columns that keep their type (see SchemaOptions.KeepUnfit).
	Unfit []*Unfit
}

// columnSpecs lists the columns of a DocType's table in upstream's order: standard
// columns, fields, optional columns, parent columns.
func columnSpecs(d Dialect, dt *doctype.DocType, o SchemaOptions) []ColumnSpec {
	specs := []ColumnSpec{{Name: "name", Size: doctype.SizeVarchar, PrimaryKey: true, Integer: dt.Autoname == "autoincrement"}}
	index := func(name string, on bool) bool { return on && (name == "modified" || name == "creation") }
	for _, name := range []string{"creation", "modified"} {
		specs = append(specs, ColumnSpec{Name: name, Size: doctype.SizeDatetime,
			Index: index(name, !dt.IsTable && (name == "modified" && o.IndexModified || name == "creation" && o.IndexCreation))})
	}
	specs = append(specs,
		ColumnSpec{Name: "modified_by", Size: doctype.SizeVarchar}, ColumnSpec{Name: "owner", Size: doctype.SizeVarchar},
		ColumnSpec{Name: "docstatus", Size: doctype.SizeCheck, NotNull: true, Default: "0"},
		ColumnSpec{Name: "idx", Size: doctype.SizeInt, NotNull: true, Default: "0"})
	for i := doctype.FirstField; i < len(dt.Columns); i++ {
		c := &dt.Columns[i]
		if !c.Stored {
			continue
		}
		s := ColumnSpec{Name: c.Name, Size: c.Type.Size, Index: c.Name == "parent"}
		if c.Field != nil {
			s.ofField(d, c)
			if slices.Contains(o.More[dt.Name], c.Name) && !s.Unique {
				s.Index, s.LongIndex = true, !shortColumn(c)
			}
		}
		specs = append(specs, s)
	}
	return specs
}

// ofField fills in what a DocField asks for.
// Source: frappe/database/schema.py DbColumn.get_definition.
func (s *ColumnSpec) ofField(d Dialect, c *doctype.Column) {
	f := c.Field
	short := shortColumn(c)
	s.Field = true
	s.Length, s.Unique, s.Index = f.Length, f.Unique && short, f.SearchIndex && !f.Unique && short
	if c.Type.Size == doctype.SizeInt && f.Length > 11 {
		s.Size = doctype.SizeBigInt
	}
	if f.Type.Numeric {
		s.NotNull, s.Default = true, numericDefault(f)
		return
	}
	s.Default = otherDefault(d, c)
}

// shortColumn reports whether every database can index a column as a whole.
func shortColumn(c *doctype.Column) bool {
	return c.Type.Size != doctype.SizeText && c.Type.Size != doctype.SizeLong && c.Type.Size != doctype.SizeJSON
}

func numericDefault(f *doctype.DocField) string {
	v := document.Text(f.Default)
	if f.Type.Class == doctype.FloatClass {
		return strconv.FormatFloat(document.Flt(v), 'f', -1, 64)
	}
	return strconv.FormatInt(document.Cint(v), 10)
}

// defaultShortcuts are defaults that stand for something else.
// Source: frappe/database/database.py DEFAULT_SHORTCUTS.
var defaultShortcuts = map[string]bool{"_Login": true, "__user": true, "_Full Name": true, "Today": true, "__today": true, "now": true, "Now": true}

// otherDefault is the literal of a default that is not a number, "" when there is
// none, or one that the column would refuse.
func otherDefault(d Dialect, c *doctype.Column) string {
	text := c.Field.Default
	if text == "" || defaultShortcuts[text] || strings.HasPrefix(text, ":") || strings.ContainsRune(text, 0) { // a statement ends at NUL
		return ""
	}
	v, err := bindable(&doctype.DocType{}, c, document.Text(text), WriteOptions{})
	switch {
	case err != nil || v.IsNull():
		return ""
	case v.Kind() == document.Float:
		return strconv.FormatFloat(v.Float(), 'f', -1, 64)
	}
	return string(d.AppendText(nil, document.ToText(v)))
}

func appendSpec(b *Builder, s ColumnSpec) {
	b.Ident(s.Name).SQL(" ").SQL(b.d.ColumnType(s))
	switch {
	case s.PrimaryKey:
		b.SQL(" NOT NULL PRIMARY KEY")
	case s.NotNull:
		b.SQL(" NOT NULL DEFAULT ").SQL(s.Default)
	case s.Default != "":
		b.SQL(" DEFAULT ").SQL(s.Default)
	}
}

// SyncTable creates the table of a DocType, or alters it to match: columns are added
// and retyped, indexes added, uniqueness switched on and off. No column is dropped, and
// no value is changed by a change of type: errors: *Unfit, before anything is altered.
// Source: frappe/database/schema.py DBTable.sync.
func (tx *Tx) SyncTable(ctx context.Context, dt *doctype.DocType, o SchemaOptions) (SyncResult, error) {
	if err := tx.StartWrite(ctx); err != nil {
		return SyncResult{}, err
	}
	specs := columnSpecs(tx.Dialect(), dt, o)
	table := "tab" + dt.Name
	have, err := tx.columns(ctx, table)
	if err != nil {
		return SyncResult{}, err
	}
	if len(have) == 0 {
		return SyncResult{Created: true}, tx.createTable(ctx, table, specs)
	}
	return tx.alterTable(ctx, table, specs, have, o)
}

func (tx *Tx) createTable(ctx context.Context, table string, specs []ColumnSpec) error {
	b := NewBuilder(tx.Dialect()).SQL("CREATE TABLE ").Ident(table).SQL(" (")
	for i, s := range specs {
		if i > 0 {
			b.SQL(", ")
		}
		appendSpec(b, s)
	}
	b.SQL(")").SQL(tx.Dialect().TableSuffix())
	if err := tx.define(ctx, table, b, NewBuilder(tx.Dialect()).SQL("DROP TABLE ").Ident(table)); err != nil {
		return err
	}
	for _, s := range specs {
		if err := tx.addIndex(ctx, table, s); err != nil {
			return err
		}
	}
	return nil
}

// addIndex makes the index that a column asks for. Names carry the table, since
// SQLite and PostgreSQL keep one name space for a schema.
func (tx *Tx) addIndex(ctx context.Context, table string, s ColumnSpec) error {
	if !s.Unique && !s.Index {
		return nil
	}
	name, undo := indexName(table, s), NewBuilder(tx.Dialect())
	tx.Dialect().DropIndex(undo, table, name)
	return tx.define(ctx, table, createIndex(tx.Dialect(), table, name, s), undo)
}

func createIndex(d Dialect, table, name string, s ColumnSpec) *Builder {
	b := NewBuilder(d).SQL("CREATE ")
	if s.Unique {
		b.SQL("UNIQUE ")
	}
	method, part := "", d.NullOrder(false) // as lists are ordered, so that they can use it
	if s.LongIndex {
		method, part = d.TextIndex()
	}
	return b.SQL("INDEX ").Ident(name).SQL(" ON ").Ident(table).SQL(method).SQL(" (").Ident(s.Name).SQL(part).SQL(")")
}

func (tx *Tx) dropIndex(ctx context.Context, table, name string, ix index) error {
	b := NewBuilder(tx.Dialect())
	tx.Dialect().DropIndex(b, table, name)
	return tx.define(ctx, table, b, createIndex(tx.Dialect(), table, name, ix.spec()))
}

// maxIndexName is what PostgreSQL and MariaDB leave of a name, or less.
const maxIndexName = 60

func indexName(table string, s ColumnSpec) string {
	name := table + "_" + s.Name + "_index"
	if s.Unique {
		name = table + "_" + s.Name + "_unique"
	}
	if len(name) <= maxIndexName {
		return name
	}
	h := fnv.New32a()
	_, _ = h.Write([]byte(name))
	return strings.ToValidUTF8(name[:maxIndexName-9], "") + fmt.Sprintf("_%08x", h.Sum32())
}

// shape is a column as the catalogue knows it.
type shape struct {
	name, typ string
	notNull   bool
}

// columns returns a table's columns by lower-cased name; empty when there is none.
func (tx *Tx) columns(ctx context.Context, table string) (map[string]shape, error) {
	b := NewBuilder(tx.Dialect())
	tx.Dialect().InspectColumns(b, table)
	rows, err := tx.Query(ctx, b)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	out := map[string]shape{}
	for rows.Next() {
		name := document.ToText(rows.Raw(0).Natural())
		out[strings.ToLower(name)] = shape{name, document.ToText(rows.Raw(1).Natural()), document.Cint(rows.Raw(2).Natural()) != 0}
	}
	return out, rows.Err()
}

// index is an index as the catalogue knows it. column is empty when there are
// several. create is empty where no table is
// ever rebuilt, and for indexes that come with their table.
type index struct {
	column, create string
	// long is ColumnSpec.LongIndex.
	unique, long bool
}

// spec is what asks for such an index.
func (ix index) spec() ColumnSpec {
	return ColumnSpec{Name: ix.column, Unique: ix.unique, Index: true, LongIndex: ix.long}
}

// indexes returns a table's indexes by name.
func (tx *Tx) indexes(ctx context.Context, table string) (map[string]index, error) {
	b := NewBuilder(tx.Dialect())
	tx.Dialect().InspectIndexes(b, table)
	rows, err := tx.Query(ctx, b)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	out := map[string]index{}
	for rows.Next() {
		out[document.ToText(rows.Raw(0).Natural())] = index{column: document.ToText(rows.Raw(1).Natural()),
			unique: document.Cint(rows.Raw(2).Natural()) != 0, create: document.ToText(rows.Raw(3).Natural()), long: document.Cint(rows.Raw(4).Natural()) != 0}
	}
	return out, rows.Err()
}

// ownIndex reports whether an index is one that addIndex made for its column.
func ownIndex(table, name string, ix index) bool {
	return name == indexName(table, ColumnSpec{Name: ix.column, Unique: ix.unique})
}

func (tx *Tx) alterTable(ctx context.Context, table string, specs []ColumnSpec, have map[string]shape, o SchemaOptions) (SyncResult, error) {
	var res SyncResult
	var change changes
	if !o.AddOnly {
		var err error
		if change, err = tx.plannedChanges(ctx, table, specs, have, o, &res); err != nil {
			return res, err
		}
	}
	for _, s := range specs {
		old, exists := have[strings.ToLower(s.Name)]
		if !exists {
			if err := tx.addColumn(ctx, table, s); err != nil {
				return res, fmt.Errorf("add column %s: %w", s.Name, err)
			}
			res.Added = append(res.Added, s.Name)
			continue
		}
		if err := tx.respell(ctx, table, old, s.Name); err != nil {
			return res, err
		}
	}
	if o.AddOnly {
		return res, nil
	}
	if err := tx.restore(ctx, table, change.restored); err != nil {
		return res, err
	}
	if err := tx.retype(ctx, table, without(specs, res.Unfit), change.retyped, have); err != nil {
		return res, err
	}
	return res, tx.syncIndexes(ctx, table, specs)
}

func (tx *Tx) addColumn(ctx context.Context, table string, s ColumnSpec) error {
	b := NewBuilder(tx.Dialect()).SQL("ALTER TABLE ").Ident(table).SQL(" ADD COLUMN ")
	appendSpec(b, s)
	return tx.define(ctx, table, b, NewBuilder(tx.Dialect()).SQL("ALTER TABLE ").Ident(table).SQL(" DROP COLUMN ").Ident(s.Name))
}

// sameType compares column types less their collation.
func sameType(have, want string) bool {
	cut := func(s string) string {
		s, _, _ = strings.Cut(strings.ToUpper(s), " COLLATE")
		return strings.TrimSpace(s)
	}
	return cut(have) == cut(want)
}

func (tx *Tx) retype(ctx context.Context, table string, specs, retyped []ColumnSpec, have map[string]shape) error {
	if len(retyped) == 0 {
		return nil
	}
	if tx.Dialect().RebuildsForTypes() {
		return tx.rebuild(ctx, table, specs, retyped, have)
	}
	for _, s := range retyped {
		if err := tx.alterType(ctx, table, s, have[strings.ToLower(s.Name)]); err != nil {
			return err
		}
	}
	return nil
}

// RenameTable gives a table another name, and its indexes with it.
func (tx *Tx) RenameTable(ctx context.Context, old, name string) error {
	have, err := tx.indexes(ctx, old)
	if err != nil {
		return err
	}
	if err := tx.renameOnly(ctx, old, name); err != nil {
		return err
	}
	for _, n := range sortedKeys(have) {
		ix := have[n]
		if !ownIndex(old, n, ix) {
			continue
		}
		if err := tx.dropIndex(ctx, name, n, ix); err != nil {
			return err
		}
		if err := tx.addIndex(ctx, name, ix.spec()); err != nil {
			return err
		}
	}
	return nil
}

func (tx *Tx) renameOnly(ctx context.Context, old, name string) error {
	rename := func(from, to string) *Builder {
		return NewBuilder(tx.Dialect()).SQL("ALTER TABLE ").Ident(from).SQL(" RENAME TO ").Ident(to)
	}
	return tx.define(ctx, old, rename(old, name), rename(name, old))
}

func sortedKeys[V any](m map[string]V) []string {
	keys := make([]string, 0, len(m))
	for k := range m {
		keys = append(keys, k)
	}
	sort.Strings(keys)
	return keys
}

func (tx *Tx) syncIndexes(ctx context.Context, table string, specs []ColumnSpec) error {
	have, err := tx.indexes(ctx, table)
	if err != nil {
		return err
	}
	for _, s := range specs {
		if s.PrimaryKey {
			continue
		}
		found := false
		for _, name := range sortedKeys(have) {
			ix := have[name]
			switch {
			case !strings.EqualFold(ix.column, s.Name):
			case ix.unique == s.Unique && (s.Unique || s.Index):
				found = true
			case unwantedIndex(table, name, ix, s):
				if err := tx.dropIndex(ctx, table, name, ix); err != nil {
					return err
				}
			}
		}
		if found {
			continue
		}
		if err := tx.addIndex(ctx, table, s); err != nil {
			return fmt.Errorf("index %s: %w", s.Name, err)
		}
	}
	return nil
}

// unwantedIndex reports whether an index on the column of s is one that the field has
// asked for once and no longer does: it has our name or one of upstream's. Those of
// the standard columns stay when a site changes its release.
func unwantedIndex(table, name string, ix index, s ColumnSpec) bool {
	if !ix.unique && !s.Unique && (s.Index || s.Name == "creation" || s.Name == "modified" || s.Name == "parent") {
		return false
	}
	return ownIndex(table, name, ix) || name == s.Name || name == s.Name+"_index" || name == "unique_"+s.Name
}

// TableExists reports whether a table is there.
func (tx *Tx) TableExists(ctx context.Context, table string) (bool, error) {
	cols, err := tx.columns(ctx, table)
	return len(cols) > 0, err
}
