package storage

import (
	"context"

	"freddo/doctype"
	"freddo/document"
)

// NextSeries returns the next number of a naming series, counted per key.
// Source: frappe/model/naming.py getseries.
func (tx *Tx) NextSeries(ctx context.Context, key string) (int64, error) {
	return tx.count(ctx, "tabSeries", key)
}

// NextSequence returns the next name of an autoincrement DocType.
// Source: frappe/database/sequence.py get_next_val.
func (tx *Tx) NextSequence(ctx context.Context, dt *doctype.DocType) (int64, error) {
	return tx.count(ctx, "__sequence", doctype.Scrub(dt.Name)+"_id_seq")
}

// CountSequence counts up a number of our own, which no DocType's name ends in.
func (tx *Tx) CountSequence(ctx context.Context, key string) (int64, error) {
	return tx.count(ctx, "__sequence", key)
}

// Sequences returns those of the numbers that have been counted up before.
func (tx *Tx) Sequences(ctx context.Context, keys []string) (map[string]int64, error) {
	b := NewBuilder(tx.Dialect()).SQL("SELECT ").Ident("name").SQL(", ").Ident("current").SQL(" FROM ").Ident("__sequence").SQL(" WHERE ").Ident("name").SQL(" IN (")
	for i, k := range keys {
		if i > 0 {
			b.SQL(", ")
		}
		b.Str(k)
	}
	rows, err := tx.Query(ctx, b.SQL(")"))
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	out := map[string]int64{}
	for rows.Next() {
		out[document.ToText(rows.Raw(0).Natural())] = document.Cint(rows.Raw(1).Natural())
	}
	return out, rows.Err()
}

func (tx *Tx) count(ctx context.Context, table, key string) (int64, error) {
	if err := tx.StartWrite(ctx); err != nil {
		return 0, err
	}
	n, found, err := tx.countUp(ctx, table, key)
	if err != nil || found {
		return n, err
	}
	// Another transaction may begin the same series at this moment.
	b := NewBuilder(tx.Dialect()).SQL("INSERT INTO ").Ident(table).SQL(" (").Ident("name").SQL(", ").Ident("current").SQL(") VALUES (").
		Str(key).SQL(", 0)").SQL(tx.Dialect().Upsert([]string{"name"}, []string{"name"}))
	if _, err = tx.Exec(ctx, b); err != nil {
		return 0, err
	}
	n, _, err = tx.countUp(ctx, table, key)
	return n, err
}

// countUp counts a number up that is there.
func (tx *Tx) countUp(ctx context.Context, table, key string) (n int64, found bool, err error) {
	b := NewBuilder(tx.Dialect()).SQL("UPDATE ").Ident(table).SQL(" SET ").Ident("current").SQL(" = ").Ident("current").
		SQL(" + 1 WHERE ").Ident("name").SQL(" = ").Str(key)
	if tx.Dialect().ReturnsUpdated() {
		tx.changes++
		var v document.Value
		found, err = tx.QueryRow(ctx, b.SQL(" RETURNING ").Ident("current"), &v)
		return document.Cint(v), found, err
	}
	if n, err := tx.Exec(ctx, b); err != nil || n == 0 {
		return 0, false, err
	}
	return tx.current(ctx, table, key)
}

func (tx *Tx) current(ctx context.Context, table, key string) (int64, bool, error) {
	var v document.Value
	b := NewBuilder(tx.Dialect()).SQL("SELECT ").Ident("current").SQL(" FROM ").Ident(table).SQL(" WHERE ").Ident("name").SQL(" = ").Str(key)
	ok, err := tx.QueryRow(ctx, b, &v)
	return document.Cint(v), ok, err
}

// SeriesCurrent returns a series' counter.
func (tx *Tx) SeriesCurrent(ctx context.Context, key string) (int64, bool, error) {
	return tx.current(ctx, "tabSeries", key)
}

// SetSeries sets a series' counter.
func (tx *Tx) SetSeries(ctx context.Context, key string, n int64) error {
	b := NewBuilder(tx.Dialect()).SQL("INSERT INTO ").Ident("tabSeries").SQL(" (").Ident("name").SQL(", ").Ident("current").SQL(") VALUES (").
		Str(key).SQL(", ").Int(n).SQL(")").SQL(tx.Dialect().Upsert([]string{"name"}, []string{"current"}))
	_, err := tx.Exec(ctx, b)
	return err
}
