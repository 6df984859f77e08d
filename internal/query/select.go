package query

import (
	"freddo/doctype"
	"freddo/document"
)

// Select is one checked query. Nothing in it is text of a client: columns are those
// of DocTypes, values are values.
type Select struct {
	DocType *doctype.DocType
	// Columns are what is asked for, in order; labels may repeat.
	Columns []Column
	Joins   []Join
	// Where is nil when every row is wanted.
	Where   *Node
	GroupBy []*Expr
	OrderBy []Order
	// Limit is the most rows to read; negative means all of them.
	Limit, Offset int64
	Distinct      bool
	// AsList prints rows as arrays.
	AsList bool
	// Compress prints rows as arrays of the values that objects would have: one for each
	// of Labels.
	Compress bool
	// Pluck makes each row its first value.
	Pluck bool
	// Lookahead says that the last row read only tells whether there are more: it is
	// not printed. With a negative Limit the last row of all is the one.
	Lookahead bool
	// Count, unless NoCount, makes the query a count of its rows.
	Count CountMode
	// Children are child rows to add to each row; they need the column name.
	Children []Child
	// Expanded are columns whose values are printed as something else.
	Expanded []Expansion
	// Cursor are the places of the columns that hold the keys of the order, and Last
	// their values in the last row of a full page, which reading sets.
	Cursor []int
	Last   []document.Value
	// CommentCount adds _comment_count to each row.
	CommentCount bool
	// Empty says that the answer is no rows, without asking the database.
	Empty bool
}

// And narrows the query by a further condition, such as one of permissions; nil
// changes nothing.
func (q *Select) And(n *Node) { q.Where = And(q.Where, n) }

// Labels are the keys of a row as an object, in order: of equal labels only the first
// place counts, as in a Python dict.
func (q *Select) Labels() []string {
	var out []string
	seen := map[string]bool{}
	for _, c := range q.Columns {
		if !c.Hidden && !seen[c.Label] {
			seen[c.Label] = true
			out = append(out, c.Label)
		}
	}
	for _, c := range q.Children {
		if !seen[c.Field.Fieldname] {
			seen[c.Field.Fieldname] = true
			out = append(out, c.Field.Fieldname)
		}
	}
	if q.CommentCount {
		out = append(out, "_comment_count")
	}
	return out
}

// Main is the table of the queried DocType, which is its alias too.
func (q *Select) Main() string { return "tab" + q.DocType.Name }

// Joined reports whether a DocType's table is part of the query.
func (q *Select) Joined(name string) bool {
	if name == q.DocType.Name {
		return true
	}
	for i := range q.Joins {
		if q.Joins[i].DocType.Name == name && q.Joins[i].Kind != LinkJoin {
			return true
		}
	}
	return false
}

// More reports whether there are more rows than were printed, given the number of
// rows read. It is meant for queries with Lookahead.
func (q *Select) More(read int) bool {
	if q.Limit < 0 {
		return read > 0
	}
	return int64(read) >= q.Limit
}

// CountMode is what a count counts.
type CountMode uint8

// The modes. CountPage counts the rows that the query would give, at most Limit;
// the others leave Limit aside and count rows, or documents.
const (
	NoCount CountMode = iota
	CountRows
	CountDocuments
	CountPage
)

// Column is one value of each row.
type Column struct {
	Expr *Expr
	// Label is the key under which the value is printed.
	Label string
	// Class is how the value is printed.
	Class doctype.Class
	// Hidden columns are read but not printed.
	Hidden bool
	// Mask, unless nil, hides the values as document.Masked does.
	Mask *doctype.DocField
}

// Field is a column of one of the query's tables.
type Field struct {
	// Table is the alias of a join; "" is the queried DocType's own table.
	Table  string
	Column *doctype.Column
	// Class is the class of the column in the database, which differs from the
	// fieldtype's for the names of DocTypes that number their documents.
	Class doctype.Class
	// NotNull says that no row of the query has null here.
	NotNull bool
}

// F returns a field of the queried DocType for building conditions. An unknown name
// gives a Field of which every condition is false, so that a mistake in a permission
// condition hides rows rather than showing them.
func F(dt *doctype.DocType, name string) Field {
	c := dt.Column(name)
	if c == nil || !c.Stored {
		return Field{}
	}
	return fieldOf(dt, c)
}

func fieldOf(dt *doctype.DocType, c *doctype.Column) Field {
	f := Field{Column: c, Class: c.Type.Class}
	switch {
	case c.Name == "name":
		f.NotNull = true
		if dt.Autoname == "autoincrement" {
			f.Class = doctype.IntClass
		}
	case c.Field == nil:
		f.NotNull = c.Name == "docstatus" || c.Name == "idx"
	default:
		f.NotNull = c.Type.Numeric
	}
	return f
}

// ExprKind tells what an Expr is.
type ExprKind uint8

// The kinds.
const (
	ColumnExpr ExprKind = iota
	FuncExpr
	ConstExpr
	// StarExpr is the * of COUNT(*).
	StarExpr
	// NullExpr stands in a row for a value that may not be read.
	NullExpr
)

// Expr is a value computed per row or per group.
type Expr struct {
	Kind  ExprKind
	Field Field
	// Func is the name of a function, in capitals, from functions.go.
	Func     string
	Distinct bool
	Args     []*Expr
	Value    document.Value
}

// Aggregate reports whether the expression folds rows.
func (e *Expr) Aggregate() bool {
	if e.Kind != FuncExpr {
		return false
	}
	if functions[e.Func].aggregate {
		return true
	}
	for _, a := range e.Args {
		if a.Aggregate() {
			return true
		}
	}
	return false
}

// Same reports whether two expressions are the same value.
func (e *Expr) Same(o *Expr) bool {
	if e.Kind != o.Kind || e.Func != o.Func || e.Distinct != o.Distinct || len(e.Args) != len(o.Args) {
		return false
	}
	if e.Field.Table != o.Field.Table || e.Field.Column != o.Field.Column || !e.Value.Equal(o.Value) {
		return false
	}
	for i := range e.Args {
		if !e.Args[i].Same(o.Args[i]) {
			return false
		}
	}
	return true
}

// Class is how the expression's value is printed.
func (e *Expr) Class() doctype.Class {
	switch e.Kind {
	case ColumnExpr:
		return e.Field.Class
	case FuncExpr:
		return functionClass(e)
	}
	switch e.Value.Kind() {
	case document.Int, document.Bool:
		return doctype.IntClass
	case document.Float:
		return doctype.FloatClass
	}
	return doctype.TextClass
}

// Order is one key of the order.
type Order struct {
	Expr *Expr
	Desc bool
}

// JoinKind tells how a table is joined.
type JoinKind uint8

// The kinds: rows of a child table, the document of a Link field, the parent of a
// child table's row.
const (
	ChildJoin JoinKind = iota
	LinkJoin
	ParentJoin
)

// Join is one further table. Child and link joins keep rows without a partner.
type Join struct {
	Kind    JoinKind
	DocType *doctype.DocType
	Alias   string
	// Link is the field of the main table that a LinkJoin follows.
	Link Field
	// Parentfield limits a ChildJoin to one table field; "" takes all.
	Parentfield string
	// Match narrows what is joined, by fields of DocType itself: what does not fulfil it
	// is as if it were not there. nil joins everything.
	Match *Node
}

// On makes a condition on a DocType's documents one on the documents that a link join
// leads to, which rows without such a document fulfil.
func (j *Join) On(n *Node) *Node {
	if n == nil {
		return nil
	}
	return Or(IsNull(joined(j.Alias, j.DocType, j.DocType.Column("name"))), j.moved(n))
}

// moved is n with its fields taken from the join.
func (j *Join) moved(n *Node) *Node {
	c := *n
	if c.Field.Column != nil {
		c.Field.Table, c.Field.NotNull = j.Alias, false
	}
	c.Kids = make([]*Node, len(n.Kids))
	for i, k := range n.Kids {
		c.Kids[i] = j.moved(k)
	}
	return &c
}

// Child asks for the rows of a table field under its name. Source:
// frappe/database/query.py ChildQuery.
type Child struct {
	Field   *doctype.DocField
	DocType *doctype.DocType
	Columns []Column
}
