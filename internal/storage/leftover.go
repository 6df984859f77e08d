package storage

import (
	"context"
	"strings"

	"freddo/doctype"
)

// Leftovers lists the columns of fields that a DocType no longer has. Those that begin
// with an underscore belong to the framework.
// Source: frappe/model/meta.py trim_table.
func (tx *Tx) Leftovers(ctx context.Context, dt *doctype.DocType) ([]string, error) {
	have, err := tx.columns(ctx, "tab"+dt.Name)
	if err != nil {
		return nil, err
	}
	for i := range dt.Columns {
		delete(have, strings.ToLower(dt.Columns[i].Name))
	}
	for _, name := range []string{"parent", "parentfield", "parenttype"} {
		delete(have, name)
	}
	out := []string{}
	for _, key := range sortedKeys(have) {
		if !strings.HasPrefix(key, "_") {
			out = append(out, have[key].name)
		}
	}
	return out, nil
}

// DropLeftovers drops these columns, with what is in them and with their indexes. On
// MariaDB no rollback brings them back.
func (tx *Tx) DropLeftovers(ctx context.Context, dt *doctype.DocType) error {
	names, err := tx.Leftovers(ctx, dt)
	if err != nil || len(names) == 0 {
		return err
	}
	table := "tab" + dt.Name
	indexes, err := tx.indexes(ctx, table)
	if err != nil {
		return err
	}
	for _, name := range names {
		for _, n := range sortedKeys(indexes) {
			if ix := indexes[n]; strings.EqualFold(ix.column, name) {
				if err := tx.dropIndex(ctx, table, n, ix); err != nil {
					return err
				}
			}
		}
		b := NewBuilder(tx.Dialect()).SQL("ALTER TABLE ").Ident(table).SQL(" DROP COLUMN ").Ident(name)
		if err := tx.define(ctx, table, b, NewBuilder(tx.Dialect())); err != nil {
			return err
		}
	}
	return nil
}
