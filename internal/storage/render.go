package storage

import (
	"fmt"
	"strings"

	"freddo/doctype"
	"freddo/document"
	"freddo/internal/query"
)

// renderer writes one query.Select.
type renderer struct {
	b       *Builder
	q       *query.Select
	grouped bool
	// main is the alias of the table whose fields name no table; "" is q's own.
	main string
}

func newRenderer(d Dialect, q *query.Select) *renderer {
	r := &renderer{b: NewBuilder(d), q: q, grouped: len(q.GroupBy) > 0}
	for _, c := range q.Columns {
		r.grouped = r.grouped || c.Expr.Aggregate()
	}
	return r
}

// renderList writes the query that reads q's rows.
func renderList(d Dialect, q *query.Select) (*Builder, error) {
	r := newRenderer(d, q)
	if len(q.Columns) == 0 {
		return nil, fmt.Errorf("storage: list of %s without columns", q.DocType.Name)
	}
	r.selects(false)
	r.from()
	r.group()
	r.order()
	d.Offset(r.b, q.Limit, q.Offset)
	return r.b, nil
}

// selects writes the columns; aliased gives them names, which a derived table needs.
func (r *renderer) selects(aliased bool) {
	r.b.SQL("SELECT ")
	if r.q.Distinct {
		r.b.SQL("DISTINCT ")
	}
	for i, c := range r.q.Columns {
		if i > 0 {
			r.b.SQL(", ")
		}
		r.folded(c.Expr, "MIN")
		if aliased {
			r.b.SQL(" AS ").Ident(fmt.Sprintf("c%d", i))
		}
	}
}

// folded writes an expression of a row, or of a group: there a column that is not the
// same in all rows of the group becomes its smallest (or largest) value, where MariaDB
// takes any.
func (r *renderer) folded(e *query.Expr, fold string) {
	if !r.grouped || e.Kind == query.ConstExpr || e.Kind == query.NullExpr || e.Aggregate() || r.fixed(e) {
		r.expr(e)
		return
	}
	r.b.SQL(fold + "(")
	r.expr(e)
	r.b.SQL(")")
}

// fixed reports that an expression has one value per group: it is a key of the group,
// or belongs to a document that is.
func (r *renderer) fixed(e *query.Expr) bool {
	for _, g := range r.q.GroupBy {
		if g.Same(e) {
			return true
		}
		if g.Kind == query.ColumnExpr && g.Field.Table == "" && g.Field.Column.Name == "name" && ofMain(e) {
			return true
		}
	}
	return false
}

func ofMain(e *query.Expr) bool {
	if e.Kind == query.ColumnExpr {
		return e.Field.Table == ""
	}
	for _, a := range e.Args {
		if !ofMain(a) {
			return false
		}
	}
	return true
}

// expr writes an expression.
func (r *renderer) expr(e *query.Expr) {
	switch e.Kind {
	case query.ColumnExpr:
		r.column(e.Field)
	case query.ConstExpr:
		r.b.Arg(e.Value)
	case query.StarExpr:
		r.b.SQL("*")
	case query.NullExpr:
		r.b.SQL("NULL")
	case query.FuncExpr:
		r.call(e)
	}
}

// column writes a column, with its table when there are several.
func (r *renderer) column(f query.Field) {
	if len(r.q.Joins) == 0 {
		r.b.Ident(f.Column.Name)
		return
	}
	table := f.Table
	if table == "" {
		table = r.main
	}
	if table == "" {
		table = r.q.Main()
	}
	r.b.Column(table, f.Column.Name)
}

// call writes a function.
func (r *renderer) call(e *query.Expr) {
	args := make([]func(), len(e.Args))
	for i, a := range e.Args {
		args[i] = func() { r.expr(a) }
	}
	if _, ok := query.Operator(e.Func); ok || e.Func == "FIELD" {
		r.operator(e.Func, args)
		return
	}
	if at, ok := partOf(e); ok {
		r.datePart(e.Func, args[0], at)
		return
	}
	if !e.Distinct {
		r.function(e.Func, args)
		return
	}
	r.b.SQL(r.b.d.Function(e.Func) + "(DISTINCT ")
	args[0]()
	r.b.SQL(")")
}

// function writes a call by the dialect's name. A LOCATE that is called otherwise takes
// the text before the part that is looked for.
func (r *renderer) function(name string, args []func()) {
	if r.b.d.WriteFunction(r.b, name, args) {
		return
	}
	own := r.b.d.Function(name)
	if name == "LOCATE" && own != name {
		args[0], args[1] = args[1], args[0]
	}
	r.b.SQL(own + "(")
	for i, arg := range args {
		if i > 0 {
			r.b.SQL(", ")
		}
		arg()
	}
	r.b.SQL(")")
}

// operator writes arithmetic, and FIELD. A division is one of decimals and by zero
// gives null, as in MariaDB.
func (r *renderer) operator(name string, args []func()) {
	if name == "FIELD" {
		r.position(args)
		return
	}
	sign, _ := query.Operator(name)
	r.b.SQL("(")
	args[0]()
	if name == "DIV" {
		r.b.SQL(" * 1.0 / NULLIF(")
		args[1]()
		r.b.SQL(", 0))")
		return
	}
	r.b.SQL(sign)
	args[1]()
	r.b.SQL(")")
}

// position writes FIELD(x, a, b…): the place of x among the others, or 0.
func (r *renderer) position(args []func()) {
	r.b.SQL("CASE ")
	args[0]()
	for i, arg := range args[1:] {
		r.b.SQL(" WHEN ")
		arg()
		r.b.SQL(fmt.Sprintf(" THEN %d", i+1))
	}
	r.b.SQL(" ELSE 0 END")
}

// place is where a part stands in a date's text.
type place struct{ from, length int }

var dateParts = map[string]place{"YEAR": {1, 4}, "MONTH": {6, 2}, "QUARTER": {6, 2}, "MONTHNAME": {6, 2}, "DAY": {9, 2},
	"HOUR": {12, 2}, "MINUTE": {15, 2}, "SECOND": {18, 2}}

// partOf tells where the part of a date or time stands that a function asks for.
func partOf(e *query.Expr) (place, bool) {
	at, ok := dateParts[e.Func]
	if ok && e.Args[0].Class() == doctype.TimeClass {
		if at.from -= len("2006-01-02 "); at.from < 1 {
			at.from = 100 // a time has no year: null
		}
	}
	return at, ok
}

var months = [...]string{"January", "February", "March", "April", "May", "June", "July", "August", "September",
	"October", "November", "December"}

// datePart writes a part of a date by its place in the text, the one way that all
// databases know.
func (r *renderer) datePart(name string, arg func(), at place) {
	number := func() {
		r.b.SQL("CAST(NULLIF(SUBSTR(")
		r.function("TEXT", []func(){arg})
		r.b.SQL(fmt.Sprintf(", %d, %d), '') AS DECIMAL)", at.from, at.length))
	}
	switch name {
	case "QUARTER":
		r.b.SQL("FLOOR((")
		number()
		r.b.SQL(" + 2) / 3)")
	case "MONTHNAME":
		r.b.SQL("CASE ")
		number()
		for i, m := range months {
			r.b.SQL(fmt.Sprintf(" WHEN %d THEN '%s'", i+1, m))
		}
		r.b.SQL(" END")
	default:
		number()
	}
}

// from writes the tables and the conditions.
func (r *renderer) from() {
	r.b.SQL(" FROM ").Table(r.q.DocType.Name)
	for i := range r.q.Joins {
		r.join(&r.q.Joins[i])
	}
	if w := r.q.Where; w != nil && w.Op != query.OpTrue {
		r.b.SQL(" WHERE ")
		r.node(w, query.OpAnd)
	}
}

func (r *renderer) join(j *query.Join) {
	main, alias := r.q.Main(), j.Alias
	if j.Kind == query.ParentJoin {
		r.b.SQL(" JOIN ")
	} else {
		r.b.SQL(" LEFT JOIN ")
	}
	r.b.Table(j.DocType.Name)
	if alias != "tab"+j.DocType.Name {
		r.b.SQL(" ").Ident(alias)
	}
	r.b.SQL(" ON ")
	switch j.Kind {
	case query.LinkJoin:
		r.sameName(alias, j.DocType.Autoname, func() { r.b.Column(main, j.Link.Column.Name) })
	case query.ParentJoin:
		r.sameName(alias, j.DocType.Autoname, func() { r.b.Column(main, "parent") })
	case query.ChildJoin:
		r.sameName(main, r.q.DocType.Autoname, func() { r.b.Column(alias, "parent") })
		r.b.SQL(" AND ").Column(alias, "parenttype").SQL(" = ").Str(r.q.DocType.Name)
		if j.Parentfield != "" {
			r.b.SQL(" AND ").Column(alias, "parentfield").SQL(" = ").Str(j.Parentfield)
		}
	}
	if j.Match != nil {
		on := renderer{b: r.b, q: r.q, main: alias}
		r.b.SQL(" AND ")
		on.node(j.Match, query.OpAnd)
	}
}

// names writes that a field holds the name of a document that fulfils a condition.
func (r *renderer) names(n *query.Node) {
	r.column(n.Field)
	r.b.SQL(" IN (SELECT ")
	if n.From.Autoname == "autoincrement" && n.Field.Class == doctype.TextClass {
		r.function("TEXT", []func(){func() { r.b.Ident("name") }})
	} else {
		r.b.Ident("name")
	}
	sub := renderer{b: r.b, q: &query.Select{DocType: n.From, Where: n.Where}}
	sub.from()
	r.b.SQL(")")
}

// sameName writes the equality of a reference and a name, which is a number where
// documents are numbered while references are text.
func (r *renderer) sameName(table, autoname string, ref func()) {
	ref()
	r.b.SQL(" = ")
	name := func() { r.b.Column(table, "name") }
	if autoname == "autoincrement" {
		r.function("TEXT", []func(){name})
		return
	}
	name()
}

var nodeOps = map[query.Op]string{query.OpEq: " = ", query.OpNe: " <> ", query.OpLt: " < ", query.OpLe: " <= ",
	query.OpGt: " > ", query.OpGe: " >= "}

// node writes a condition inside a group of kind outer.
func (r *renderer) node(n *query.Node, outer query.Op) {
	switch n.Op {
	case query.OpTrue:
		r.b.SQL("1 = 1")
	case query.OpFalse:
		r.b.SQL("1 = 0")
	case query.OpAnd, query.OpOr:
		r.nodes(n, outer)
	default:
		if !n.Nulls || outer == query.OpOr {
			r.test(n)
			if n.Nulls {
				r.b.SQL(" OR ")
				r.null(n, " IS NULL")
			}
			return
		}
		r.b.SQL("(")
		r.test(n)
		r.b.SQL(" OR ")
		r.null(n, " IS NULL")
		r.b.SQL(")")
	}
}

func (r *renderer) nodes(n *query.Node, outer query.Op) {
	word := " AND "
	if n.Op == query.OpOr {
		word = " OR "
	}
	if n.Op != outer {
		r.b.SQL("(")
	}
	for i, k := range n.Kids {
		if i > 0 {
			r.b.SQL(word)
		}
		r.node(k, n.Op)
	}
	if n.Op != outer {
		r.b.SQL(")")
	}
}

func (r *renderer) null(n *query.Node, word string) {
	r.column(n.Field)
	r.b.SQL(word)
}

// test writes one comparison without regard to null.
func (r *renderer) test(n *query.Node) {
	left := func() { r.column(n.Field) }
	switch n.Op {
	case query.OpIsNull:
		r.null(n, " IS NULL")
	case query.OpNotNull:
		r.null(n, " IS NOT NULL")
	case query.OpNames:
		r.names(n)
	case query.OpIn, query.OpNotIn:
		cast := r.operand(n)
		if n.Op == query.OpNotIn {
			r.b.SQL(" NOT")
		}
		r.b.SQL(" IN (")
		for i, v := range n.Values {
			if i > 0 {
				r.b.SQL(", ")
			}
			r.value(v, cast)
		}
		r.b.SQL(")")
	case query.OpBetween:
		cast := r.operand(n)
		r.b.SQL(" BETWEEN ")
		r.value(n.Values[0], cast)
		r.b.SQL(" AND ")
		r.value(n.Values[1], cast)
	case query.OpLike, query.OpNotLike:
		text := left
		if !n.Field.Column.Type.IsText() || n.Field.Class != n.Field.Column.Type.Class {
			text = func() { r.function("TEXT", []func(){left}) }
		}
		r.b.d.WriteLike(r.b, text, likePattern(n.Values[0]), n.Op == query.OpNotLike)
	default:
		if n.Number {
			r.function("NUMBER", []func(){left})
			r.b.SQL(nodeOps[n.Op]).Arg(n.Values[0])
			return
		}
		cast := r.operand(n)
		r.b.SQL(nodeOps[n.Op])
		r.value(n.Values[0], cast)
	}
}

// operand writes the field of a comparison and returns what its values are cast to.
func (r *renderer) operand(n *query.Node) (cast string) {
	text := false
	for _, v := range n.Values {
		c, t := r.b.d.Operand(n.Field.Column, n.Field.Class, v)
		text = text || t
		if c != "" {
			cast = c
		}
	}
	if text {
		r.function("TEXT", []func(){func() { r.column(n.Field) }})
		return ""
	}
	r.column(n.Field)
	return cast
}

func (r *renderer) value(v document.Value, cast string) {
	if cast == "" {
		r.b.Arg(v)
		return
	}
	r.b.SQL("CAST(").Arg(v).SQL(" AS " + cast + ")")
}

// likePattern doubles a backslash at the end of a pattern, where it escapes nothing:
// MariaDB takes it for itself, PostgreSQL refuses it.
func likePattern(v document.Value) document.Value {
	s := v.Str()
	if n := len(s) - len(strings.TrimRight(s, `\`)); n%2 == 1 {
		return document.Text(s + `\`)
	}
	return v
}

func (r *renderer) group() {
	for i, g := range r.q.GroupBy {
		if i == 0 {
			r.b.SQL(" GROUP BY ")
		} else {
			r.b.SQL(", ")
		}
		r.expr(g)
	}
}

func (r *renderer) order() {
	first := true
	for _, o := range r.q.OrderBy {
		if r.q.Distinct && !r.selected(o.Expr) && !r.b.d.OrdersDistinct() {
			continue
		}
		if first {
			r.b.SQL(" ORDER BY ")
		} else {
			r.b.SQL(", ")
		}
		first = false
		fold := "MIN"
		if o.Desc {
			fold = "MAX"
		}
		r.folded(o.Expr, fold)
		if o.Desc {
			r.b.SQL(" DESC")
		}
		r.b.SQL(r.b.d.NullOrder(o.Desc))
	}
}

// selected reports whether an expression is among the columns.
func (r *renderer) selected(e *query.Expr) bool {
	for _, c := range r.q.Columns {
		if c.Expr.Same(e) {
			return true
		}
	}
	return false
}
