package query

import (
	"freddo/doctype"
	"freddo/document"
)

// Op is what a Node tests.
type Op uint8

// The tests. And and Or have Kids; the others test Field against Values.
const (
	OpTrue Op = iota
	OpFalse
	OpAnd
	OpOr
	OpEq
	OpNe
	OpLt
	OpLe
	OpGt
	OpGe
	OpLike
	OpNotLike
	OpIn
	OpNotIn
	OpBetween
	OpIsNull
	OpNotNull
	// OpNames tests that a reference names a document of From that fulfils Where.
	OpNames
)

// Node is a condition. Treat it as read-only once built: nodes are shared.
type Node struct {
	Op    Op
	Kids  []*Node
	Field Field
	// Values are in the form that the column has: numbers for numbers, dates as stored.
	Values []document.Value
	// Nulls says that rows in which the field is null fulfil the condition too.
	Nulls bool
	// Number compares a text column as the number that its text starts with.
	Number bool
	// From is the DocType that OpNames looks for Field's value in, and Where the
	// condition of From's documents; nil takes all of them.
	From  *doctype.DocType
	Where *Node
}

// True is fulfilled by every row, False by none.
func True() *Node  { return &Node{Op: OpTrue} }
func False() *Node { return &Node{Op: OpFalse} }

// And is fulfilled when all of n are; nil nodes do not count. Without any it is nil.
func And(n ...*Node) *Node { return group(OpAnd, OpTrue, OpFalse, n) }

// Or is fulfilled when one of n is; nil nodes do not count. Without any it is nil.
func Or(n ...*Node) *Node { return group(OpOr, OpFalse, OpTrue, n) }

// group drops what cannot matter and flattens groups of the same kind.
func group(op, neutral, decisive Op, nodes []*Node) *Node {
	var kids []*Node
	seen := false
	for _, n := range nodes {
		if n == nil {
			continue
		}
		seen = true
		switch n.Op {
		case decisive:
			return n
		case neutral:
		case op:
			kids = append(kids, n.Kids...)
		default:
			kids = append(kids, n)
		}
	}
	switch {
	case len(kids) == 1:
		return kids[0]
	case len(kids) > 1:
		return &Node{Op: op, Kids: kids}
	case seen:
		return &Node{Op: neutral}
	}
	return nil
}

// Eq, Ne, Lt, Le, Gt and Ge compare a field with a value as MariaDB would; null rows
// fulfil none of them. Between includes both ends.
func Eq(f Field, v document.Value) *Node         { return compare(f, OpEq, v) }
func Ne(f Field, v document.Value) *Node         { return compare(f, OpNe, v) }
func Lt(f Field, v document.Value) *Node         { return compare(f, OpLt, v) }
func Le(f Field, v document.Value) *Node         { return compare(f, OpLe, v) }
func Gt(f Field, v document.Value) *Node         { return compare(f, OpGt, v) }
func Ge(f Field, v document.Value) *Node         { return compare(f, OpGe, v) }
func Between(f Field, a, b document.Value) *Node { return between(f, a, b) }

// In and NotIn test membership; an empty list has no members. Null members do not
// count.
func In(f Field, v ...document.Value) *Node    { return members(f, OpIn, v) }
func NotIn(f Field, v ...document.Value) *Node { return members(f, OpNotIn, v) }

// Like and NotLike match a pattern with % and _, and \ as escape, without regard to
// case.
func Like(f Field, pattern string) *Node    { return like(f, OpLike, pattern) }
func NotLike(f Field, pattern string) *Node { return like(f, OpNotLike, pattern) }

// IsNull and NotNull test for null.
func IsNull(f Field) *Node {
	if f.Column == nil || f.NotNull {
		return False()
	}
	return &Node{Op: OpIsNull, Field: f}
}

func NotNull(f Field) *Node {
	switch {
	case f.Column == nil:
		return False()
	case f.NotNull:
		return True()
	}
	return &Node{Op: OpNotNull, Field: f}
}

// IsEmpty is fulfilled by null and by the empty value of the field's type: "", 0,
// midnight.
func IsEmpty(f Field) *Node { return OrNull(compare(f, OpEq, document.Text("")), f) }

// Names is fulfilled when f holds the name of a document of dt that fulfils where, whose
// fields are dt's own; a nil where takes every document that exists.
func Names(f Field, dt *doctype.DocType, where *Node) *Node {
	if f.Column == nil || where != nil && where.Op == OpFalse {
		return False()
	}
	return &Node{Op: OpNames, Field: f, From: dt, Where: where}
}

// OrNull makes rows in which f is null fulfil n too; n tests f.
func OrNull(n *Node, f Field) *Node {
	if f.Column == nil || f.NotNull {
		return n
	}
	switch n.Op {
	case OpTrue, OpIsNull:
		return n
	case OpNotNull:
		return True()
	case OpFalse:
		return IsNull(f)
	case OpAnd, OpOr:
		return Or(n, IsNull(f))
	}
	c := *n
	c.Nulls = true
	return &c
}

// leaf is a test of one field; of an unknown field it is false.
func leaf(op Op, f Field, v ...document.Value) *Node {
	if f.Column == nil {
		return False()
	}
	return &Node{Op: op, Field: f, Values: v}
}
