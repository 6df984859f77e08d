package storage

import (
	"context"
	"math"
	"strconv"

	"freddo/doctype"
	"freddo/document"
	"freddo/internal/query"
)

// List runs a query. Its rows are printed by AppendList or read by ReadList; a query
// with Children goes through AppendSelect. Errors: *Error.
func (tx *Tx) List(ctx context.Context, q *query.Select) (Rows, error) {
	return tx.list(ctx, q, tx.Query)
}

func (tx *Tx) list(ctx context.Context, q *query.Select, run func(context.Context, *Builder) (Rows, error)) (Rows, error) {
	if q.Empty {
		return noRows{}, nil
	}
	b, err := renderList(tx.Dialect(), q)
	if err != nil {
		return nil, err
	}
	return run(ctx, b)
}

// noRows is an empty result.
type noRows struct{}

func (noRows) Next() bool   { return false }
func (noRows) Raw(int) Raw  { return Raw{} }
func (noRows) Len() int     { return 0 }
func (noRows) Err() error   { return nil }
func (noRows) Close() error { return nil }

// Sink takes what is ready of an answer that is long, and returns the buffer to go on
// with. An error ends the list.
type Sink func(part []byte) (buf []byte, err error)

// PartSize is how many bytes of a list are collected before a sink takes them.
const PartSize = 128 << 10

// AppendList appends the rows as a JSON array: of objects, of arrays (AsList,
// Compress) or of values (Pluck). Of equal labels the first gives the place and the
// last the value, as in a Python dict. read is the number of rows read, of which
// Lookahead leaves the last out (query.Select.More). With a sink the result is only
// what it has not taken; it closes rows.
func AppendList(dst []byte, f document.Format, q *query.Select, rows Rows, sink Sink) (out []byte, read int, err error) {
	p := newPrinter(f, q)
	dst = append(dst, '[')
	last := len(dst)
	dropLast := q.Lookahead && q.Limit < 0
	for rows.Next() {
		if q.Lookahead && q.Limit >= 0 && int64(read) == q.Limit-1 {
			read++
			break
		}
		last = len(dst)
		if read > 0 {
			dst = append(dst, p.comma...)
		}
		keepLast(q, rows, read)
		dst = p.row(dst, rows)
		read++
		if sink != nil && len(dst) > PartSize && !dropLast {
			if dst, err = sink(dst); err != nil {
				break
			}
		}
	}
	if dropLast {
		dst = dst[:last]
	}
	if rerr := rows.Err(); err == nil {
		err = rerr
	}
	if cerr := rows.Close(); err == nil {
		err = cerr
	}
	return append(dst, ']'), read, err
}

// ListOptions say how AppendSelect prints a list.
type ListOptions struct {
	Format document.Format
	// Sink takes the parts of a long list.
	Sink Sink
	// Only says that the transaction reads nothing else (Tx.QueryOnly).
	Only bool
}

// AppendSelect runs a query and appends its rows as AppendList does, child rows
// included.
func (tx *Tx) AppendSelect(ctx context.Context, dst []byte, q *query.Select, o ListOptions) (out []byte, read int, err error) {
	run := tx.Query
	if o.Only && len(q.Children) == 0 {
		run = tx.QueryOnly
	}
	rows, err := tx.list(ctx, q, run)
	if err != nil {
		return dst, 0, err
	}
	if len(q.Children) == 0 {
		return AppendList(dst, o.Format, q, rows, o.Sink)
	}
	return tx.appendWithChildren(ctx, dst, q, rows, o)
}

// keepLast notes the keys of the last row of a page that another row follows.
func keepLast(q *query.Select, rows Rows, read int) {
	if len(q.Cursor) == 0 || int64(read) != q.Limit-2 {
		return
	}
	q.Last = make([]document.Value, len(q.Cursor))
	for i, at := range q.Cursor {
		q.Last[i] = rows.Raw(at).Value(q.Columns[at].Class)
	}
}

// printer prints rows of one query; it is made once per call and holds no maps.
type printer struct {
	f     document.Format
	comma string
	cols  []printed
	// open and shut are the brackets of a row, "" for plucked values.
	open, shut string
	// comments is the place of _comments for _comment_count, -1 without.
	comments     int
	countComment bool
}

// printed is one value of a row.
type printed struct {
	at    int
	class doctype.Class
	// digits is where a sum of decimals is rounded, 0 for other values: databases that
	// keep decimals as floats would show the rounding errors.
	digits int
	// prefix is what stands before the value: comma and key.
	prefix []byte
	// mask hides the value.
	mask *doctype.DocField
	// expanded is what is printed instead of a value.
	expanded map[string][]byte
}

func newPrinter(f document.Format, q *query.Select) *printer {
	p := &printer{f: f, comma: ",", comments: -1, open: "{", shut: "}", countComment: q.CommentCount && !q.Pluck}
	if f.Spaced {
		p.comma = ", "
	}
	arrays := q.AsList || q.Compress
	if arrays {
		p.open, p.shut = "[", "]"
	}
	places := map[string]int{}
	for i := range q.Columns {
		c := &q.Columns[i]
		if c.Hidden {
			continue
		}
		col := printed{at: i, class: c.Class, digits: sumDigits(c.Expr), mask: c.Mask}
		for _, e := range q.Expanded {
			if e.At == i {
				col.expanded = e.JSON
			}
		}
		if c.Expr.Kind == query.ColumnExpr && c.Expr.Field.Column.Name == "_comments" && c.Label == "_comments" {
			p.comments = i
		}
		if place, dup := places[c.Label]; dup && !q.AsList {
			col.prefix = p.cols[place].prefix
			p.cols[place] = col
			continue
		}
		places[c.Label] = len(p.cols)
		if len(p.cols) > 0 {
			col.prefix = append(col.prefix, p.comma...)
		}
		if !arrays {
			col.prefix = f.AppendKey(col.prefix, c.Label)
		}
		p.cols = append(p.cols, col)
	}
	if q.Pluck && len(p.cols) > 0 {
		p.open, p.shut, p.cols = "", "", p.cols[:1]
		p.cols[0].prefix = nil
	}
	return p
}

// sumDigits is how many decimals MariaDB keeps in a sum or a mean.
func sumDigits(e *query.Expr) int {
	if e.Kind != query.FuncExpr {
		return 0
	}
	switch {
	case e.Func == "SUM":
		return 9
	case e.Func == "AVG" && e.Args[0].Class() == doctype.FloatClass:
		return 13
	case e.Func == "AVG":
		return 4
	}
	return 0
}

// row appends one row.
func (p *printer) row(dst []byte, rows Rows) []byte {
	dst = append(p.head(dst, rows), p.shut...)
	return dst
}

// head appends one row without its closing bracket.
func (p *printer) head(dst []byte, rows Rows) []byte {
	dst = append(dst, p.open...)
	for i := range p.cols {
		c := &p.cols[i]
		dst = append(dst, c.prefix...)
		raw := rows.Raw(c.at)
		if c.mask != nil {
			dst = p.f.Append(dst, document.Masked(c.mask, raw.Value(c.class)))
			continue
		}
		if c.expanded != nil {
			if json, ok := c.expanded[document.ToText(raw.Natural())]; ok {
				dst = append(dst, json...)
				continue
			}
		}
		dst = AppendRaw(dst, p.f, c.class, rounded(raw, c.digits))
	}
	if p.countComment {
		if len(p.cols) > 0 {
			dst = append(dst, p.comma...)
		}
		if p.open == "{" {
			dst = p.f.AppendKey(dst, "_comment_count")
		}
		dst = strconv.AppendInt(dst, p.commentCount(rows), 10)
	}
	return dst
}

// commentCount is the length of the JSON list in _comments.
// Source: frappe/model/db_query.py add_comment_count.
func (p *printer) commentCount(rows Rows) int64 {
	if p.comments < 0 {
		return 0
	}
	return comments(rows.Raw(p.comments))
}

func comments(r Raw) int64 {
	v, err := document.ParseJSON(string(r.Bytes))
	if err != nil {
		return 0
	}
	return int64(len(v.List()))
}

// rounded cuts the noise of a float sum.
func rounded(r Raw, digits int) Raw {
	if digits == 0 || r.Class != RawFloat || math.IsInf(r.Float, 0) || math.IsNaN(r.Float) {
		return r
	}
	x, err := strconv.ParseFloat(strconv.FormatFloat(r.Float, 'f', digits, 64), 64)
	if err == nil {
		r.Float = x
	}
	return r
}

// ReadList reads the rows as values: objects, lists or plucked values, for callers that
// work on them. It closes rows.
func ReadList(q *query.Select, rows Rows) (out []document.Value, err error) {
	digits := make([]int, len(q.Columns))
	for i := range q.Columns {
		digits[i] = sumDigits(q.Columns[i].Expr)
	}
	for rows.Next() {
		if q.Lookahead && q.Limit >= 0 && int64(len(out)) == q.Limit-1 {
			break
		}
		out = append(out, readRow(q, rows, digits))
	}
	if q.Lookahead && q.Limit < 0 && len(out) > 0 {
		out = out[:len(out)-1]
	}
	err = rows.Err()
	if cerr := rows.Close(); err == nil {
		err = cerr
	}
	return out, err
}

func readRow(q *query.Select, rows Rows, digits []int) document.Value {
	o := &document.Object{}
	var list []document.Value
	var count int64
	for i := range q.Columns {
		c := &q.Columns[i]
		if c.Hidden {
			continue
		}
		raw := rounded(rows.Raw(i), digits[i])
		if c.Label == "_comments" {
			count = comments(raw)
		}
		v := raw.Value(c.Class)
		if c.Mask != nil {
			v = document.Masked(c.Mask, v)
		}
		if q.Pluck {
			return v
		}
		if q.AsList {
			list = append(list, v)
		} else {
			o.Set(c.Label, v)
		}
	}
	if q.CommentCount && !q.AsList {
		o.Set("_comment_count", document.IntOf(count))
	}
	if q.AsList {
		return document.ListOf(list...)
	}
	return document.MapOf(o)
}

// TreeBounds returns lft and rgt of a document of a tree. It serves query.Env.
func (tx *Tx) TreeBounds(ctx context.Context, dt *doctype.DocType, name document.Value) (lft, rgt int64, ok bool, err error) {
	b := NewBuilder(tx.Dialect()).SQL("SELECT ").Ident("lft").SQL(", ").Ident("rgt").SQL(" FROM ").Table(dt.Name).
		SQL(" WHERE ").Ident("name").SQL(" = ").Arg(nameValue(dt, document.Text(document.ToText(name))))
	var l, r document.Value
	ok, err = tx.QueryRow(ctx, b, &l, &r)
	return document.Cint(l), document.Cint(r), ok, err
}

// TreeNames returns the names inside lft and rgt by lft, or around them from the
// nearest outwards. It serves query.Env.
func (tx *Tx) TreeNames(ctx context.Context, dt *doctype.DocType, ancestors bool, lft, rgt int64) ([]string, error) {
	left, right, desc := " > ", " < ", ""
	if ancestors {
		left, right, desc = " < ", " > ", " DESC"
	}
	b := NewBuilder(tx.Dialect()).SQL("SELECT ").Ident("name").SQL(" FROM ").Table(dt.Name).
		SQL(" WHERE ").Ident("lft").SQL(left).Int(lft).SQL(" AND ").Ident("rgt").SQL(right).Int(rgt).
		SQL(" ORDER BY ").Ident("lft").SQL(desc)
	rows, err := tx.Query(ctx, b)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	var names []string
	for rows.Next() {
		names = append(names, document.ToText(rows.Raw(0).Natural()))
	}
	return names, rows.Err()
}
