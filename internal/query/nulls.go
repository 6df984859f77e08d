package query

import (
	"strings"

	"freddo/doctype"
	"freddo/document"
)

// nullsFulfil tells whether a row with null fulfils n when null counts as the empty
// value of its type, as in ifnull(f, ”) op value. It decides once, here, what a
// database would decide per row, so that the condition needs no function around the
// column and can use its index.
func nullsFulfil(n *Node) bool {
	switch n.Op {
	case OpTrue, OpNotNull, OpIsNull:
		return true
	case OpFalse, OpNames:
		return false
	case OpAnd, OpOr:
		for _, k := range n.Kids {
			if nullsFulfil(k) != (n.Op == OpAnd) {
				return n.Op == OpOr
			}
		}
		return n.Op == OpAnd
	case OpLike, OpNotLike:
		return onlyPercent(n.Values[0].Str()) == (n.Op == OpLike)
	case OpIn, OpNotIn:
		for _, v := range n.Values {
			if emptyAgainst(n.Field.Class, v) == 0 {
				return n.Op == OpIn
			}
		}
		return n.Op == OpNotIn
	case OpBetween:
		return emptyAgainst(n.Field.Class, n.Values[0]) >= 0 && emptyAgainst(n.Field.Class, n.Values[1]) <= 0
	}
	return ordered(n.Op, emptyAgainst(n.Field.Class, n.Values[0]))
}

// ordered applies a comparison to the sign of left minus right.
func ordered(op Op, sign int) bool {
	switch op {
	case OpEq:
		return sign == 0
	case OpNe:
		return sign != 0
	case OpLt:
		return sign < 0
	case OpLe:
		return sign <= 0
	case OpGt:
		return sign > 0
	}
	return sign >= 0
}

// Empty dates as upstream writes them. Source: frappe/model/db_query.py.
const (
	emptyDate     = "0001-01-01"
	emptyDatetime = "0001-01-01 00:00:00.000000"
	emptyTime     = "00:00:00.000000"
)

// emptyAgainst compares the empty value of a class with v.
func emptyAgainst(c doctype.Class, v document.Value) int {
	switch c {
	case doctype.IntClass, doctype.CheckClass, doctype.FloatClass:
		switch x := v.Float(); {
		case x > 0:
			return -1
		case x < 0:
			return 1
		}
		return 0
	case doctype.DateClass:
		return strings.Compare(emptyDate, v.Str())
	case doctype.DatetimeClass:
		return strings.Compare(emptyDatetime, v.Str())
	case doctype.TimeClass:
		return strings.Compare(emptyTime, v.Str())
	}
	if strings.TrimRight(v.Str(), " ") == "" {
		return 0
	}
	return -1
}

// onlyPercent reports whether a pattern matches the empty text.
func onlyPercent(pattern string) bool { return strings.Trim(pattern, "%") == "" }

// withNulls lets null count as the empty value of the field's type.
func withNulls(n *Node, f Field) *Node {
	if !nullsFulfil(n) {
		return n
	}
	return OrNull(n, f)
}
