package storage

import (
	"context"
	"strings"

	"freddo/doctype"
)

// rebuild copies a table into a new one with the wanted columns. Columns that the
// DocType no longer has are kept, and indexes that no field asks for.
func (tx *Tx) rebuild(ctx context.Context, table string, specs, retyped []ColumnSpec, old map[string]shape) error {
	all, err := tx.withLeftovers(ctx, table, specs)
	if err != nil {
		return err
	}
	have, err := tx.indexes(ctx, table)
	if err != nil {
		return err
	}
	tmp := table + "__rebuild"
	if err := tx.createTable(ctx, tmp, bare(all)); err != nil {
		return err
	}
	if _, err := tx.Exec(ctx, copyRows(NewBuilder(tx.Dialect()), table, tmp, all, retyped, old)); err != nil {
		return err
	}
	if _, err := tx.Exec(ctx, NewBuilder(tx.Dialect()).SQL("DROP TABLE ").Ident(table)); err != nil {
		return err
	}
	if err := tx.renameOnly(ctx, tmp, table); err != nil {
		return err
	}
	for _, name := range sortedKeys(have) {
		ix := have[name]
		if ix.create == "" || ownIndex(table, name, ix) {
			continue // the table's own, or a matter of syncIndexes
		}
		if _, err := tx.Exec(ctx, NewBuilder(tx.Dialect()).SQL(ix.create)); err != nil {
			return err
		}
	}
	return nil
}

// withLeftovers adds the columns that exist and are not wanted.
func (tx *Tx) withLeftovers(ctx context.Context, table string, specs []ColumnSpec) ([]ColumnSpec, error) {
	have, err := tx.columns(ctx, table)
	if err != nil {
		return nil, err
	}
	all := append([]ColumnSpec(nil), specs...)
	for _, s := range specs {
		delete(have, strings.ToLower(s.Name))
	}
	for _, name := range sortedKeys(have) {
		s := ColumnSpec{Name: name, Size: doctype.SizeLong}
		for _, size := range []doctype.Size{doctype.SizeBigInt, doctype.SizeDecimal} {
			if n := (ColumnSpec{Name: name, Size: size}); sameType(have[name].typ, tx.Dialect().ColumnType(n)) {
				s = n
			}
		}
		all = append(all, s)
	}
	return all, nil
}

// bare is the columns without their indexes.
func bare(specs []ColumnSpec) []ColumnSpec {
	out := append([]ColumnSpec(nil), specs...)
	for i := range out {
		out[i].Unique, out[i].Index = false, false
	}
	return out
}

// copyRows writes the statement that fills the new table from the old one. Columns
// that become numbers are cast, since SQLite would keep text in them; nulls of
// columns that allow none become the default.
func copyRows(b *Builder, from, to string, all, retyped []ColumnSpec, old map[string]shape) *Builder {
	changed := map[string]string{}
	for _, s := range retyped {
		changed[s.Name] = old[strings.ToLower(s.Name)].typ
	}
	b.SQL("INSERT INTO ").Ident(to).SQL(" (")
	for i, s := range all {
		if i > 0 {
			b.SQL(", ")
		}
		b.Ident(s.Name)
	}
	b.SQL(") SELECT ")
	for i, s := range all {
		if i > 0 {
			b.SQL(", ")
		}
		if s.NotNull {
			b.SQL("COALESCE(")
		}
		copyColumn(b, s, changed[s.Name])
		if s.NotNull {
			b.SQL(", ").SQL(s.Default).SQL(")")
		}
	}
	return b.SQL(" FROM ").Ident(from)
}

// copyColumn casts a column that was of type old; "" is one that stays. What a cast would
// change is not here any more (see checkRetyped).
func copyColumn(b *Builder, s ColumnSpec, old string) {
	switch size := sizeOf(s); {
	case old == "":
		b.Ident(s.Name)
	case s.blanks(old):
		b.SQL("NULL")
	case size == doctype.SizeInt || size == doctype.SizeBigInt || size == doctype.SizeCheck:
		b.SQL("CAST(").Ident(s.Name).SQL(" AS INTEGER)")
	case size == doctype.SizeDecimal || size == doctype.SizeRating:
		b.SQL("CAST(").Ident(s.Name).SQL(" AS REAL)")
	case familyOf(old) == decimalNumbers:
		// As MariaDB writes a decimal. Null would be printed as 0, and so would text.
		b.SQL("CASE WHEN TYPEOF(").Ident(s.Name).SQL(") IN ('real', 'integer') THEN PRINTF('%.9f', ").Ident(s.Name).SQL(") ELSE ").Ident(s.Name).SQL(" END")
	default:
		b.Ident(s.Name)
	}
}
