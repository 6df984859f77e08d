package mariadb

import (
	"context"
	"strings"

	"freddo/document"
	"freddo/internal/storage"
)

// writer is a connection that may write. MariaDB commits before every statement that
// changes a table's shape. So such statements run on a connection of their own, beside
// the transaction, and are undone when it is rolled back. Only a table that the
// transaction has touched itself must be changed in it, since it holds a lock on it:
// what was written before is committed then, as upstream does.
type writer struct {
	d *Driver
	l *link
	// ran are the statements of the transaction, to tell which tables it has touched.
	ran  map[string]struct{}
	undo []string
	// marks are the lengths of undo at the savepoints that are open.
	marks map[string]int
	// committed says that a change of shape has ended the transaction's savepoints.
	committed bool
}

func (w *writer) Query(ctx context.Context, sql string, args []document.Value) (storage.Rows, error) {
	w.note(sql)
	rows, err := w.l.query(ctx, sql, args)
	if err != nil {
		return nil, err
	}
	return rows, nil
}

func (w *writer) note(sql string) {
	if w.ran == nil {
		w.ran = map[string]struct{}{}
	}
	w.ran[sql] = struct{}{}
}

// touched reports whether the transaction has used a table.
func (w *writer) touched(table string) bool {
	quoted := string(Dialect{}.AppendIdent(nil, table))
	for sql := range w.ran {
		if strings.Contains(sql, quoted) {
			return true
		}
	}
	return false
}

// Exec runs a statement. Savepoints are watched, for what they undo.
func (w *writer) Exec(ctx context.Context, sql string, args []document.Value) (int64, error) {
	if len(args) == 0 {
		if name, ok := strings.CutPrefix(sql, "SAVEPOINT "); ok {
			return w.mark(ctx, sql, name)
		}
		if name, ok := strings.CutPrefix(sql, "ROLLBACK TO SAVEPOINT "); ok {
			return 0, w.backTo(ctx, sql, name)
		}
		if strings.HasPrefix(sql, "RELEASE SAVEPOINT ") && w.committed {
			_, _ = w.l.exec(ctx, sql, nil) // it may have ended by itself
			return 0, nil
		}
		if shapes(sql) {
			return 0, w.Define(ctx, tableOf(sql), sql, "")
		}
	}
	w.note(sql)
	return w.l.exec(ctx, sql, args)
}

func shapes(sql string) bool {
	for _, verb := range [...]string{"CREATE ", "ALTER ", "DROP ", "RENAME "} {
		if strings.HasPrefix(sql, verb) {
			return true
		}
	}
	return false
}

func (w *writer) mark(ctx context.Context, sql, name string) (int64, error) {
	if w.marks == nil {
		w.marks = map[string]int{}
	}
	w.marks[name] = len(w.undo)
	return w.l.exec(ctx, sql, nil)
}

func (w *writer) backTo(ctx context.Context, sql, name string) error {
	_, err := w.l.exec(ctx, sql, nil)
	if w.committed {
		err = nil // what a change of shape has committed stays
	}
	w.takeBack(w.marks[name])
	return err
}

// Define changes the shape of a table; undo takes the change back. It serves
// storage.Definer.
func (w *writer) Define(ctx context.Context, table, sql, undo string) error {
	if w.touched(table) {
		if !shapes(sql) {
			_, err := w.l.exec(ctx, sql, nil)
			return err
		}
		w.committed = true
		if _, err := w.l.exec(ctx, sql, nil); err != nil {
			return err
		}
		w.ran = nil // the commit has freed all tables
	} else if err := w.beside(ctx, sql); err != nil {
		return err
	}
	if undo != "" {
		w.undo = append(w.undo, undo)
	}
	return nil
}

// beside runs a statement on another connection.
func (w *writer) beside(ctx context.Context, sql string) error {
	l, err := w.d.shapers.Get(ctx)
	if err != nil {
		return err
	}
	defer w.d.shapers.Put(l)
	if _, err = l.exec(ctx, sql, nil); err != nil {
		_ = l.finish("ROLLBACK")
		return err
	}
	return l.finish("COMMIT")
}

// Peek looks into a table beside the transaction, unless that has touched it. It serves
// storage.Peeker.
func (w *writer) Peek(ctx context.Context, sql string, args []document.Value) (storage.Rows, error) {
	if w.touched(fromTable(sql)) {
		return w.Query(ctx, sql, args)
	}
	l, err := w.d.shapers.Get(ctx)
	if err != nil {
		return nil, err
	}
	defer w.d.shapers.Put(l)
	rows, err := l.query(ctx, sql, args)
	if err != nil {
		_ = l.finish("ROLLBACK")
		return nil, err
	}
	rows.PutAside()
	return rows, l.finish("COMMIT")
}

// fromTable reads the table of a SELECT of ours.
func fromTable(sql string) string {
	_, rest, _ := strings.Cut(sql, " FROM `")
	name, _, _ := strings.Cut(rest, "`")
	return name
}

// takeBack undoes the changes of shape beyond the first n, the last first. The
// transaction must have given up its locks, or never had one on these tables.
func (w *writer) takeBack(n int) {
	for len(w.undo) > n {
		last := len(w.undo) - 1
		sql := w.undo[last]
		w.undo = w.undo[:last]
		_ = w.Define(context.Background(), tableOf(sql), sql, "")
	}
}

// Commit makes the writes durable.
func (w *writer) Commit(context.Context) error {
	w.l.endRows()
	err := w.l.finish("COMMIT")
	if err != nil {
		w.ran = nil
		w.takeBack(0)
	}
	w.d.writers.Put(w.l)
	return err
}

// Rollback drops the writes and takes the changes of shape back.
func (w *writer) Rollback() {
	w.l.endRows()
	_ = w.l.finish("ROLLBACK")
	w.ran = nil
	w.takeBack(0)
	w.d.writers.Put(w.l)
}
