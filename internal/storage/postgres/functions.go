package postgres

import (
	"math"

	"freddo/doctype"
	"freddo/document"
	"freddo/internal/storage"
)

// FillNulls is not needed: AlterType does it.
func (Dialect) FillNulls(*storage.Builder, string, storage.ColumnSpec) bool { return false }

// OrdersDistinct is false. Upstream leaves such an order out.
// Source: frappe/database/query.py apply_order_by.
func (Dialect) OrdersDistinct() bool { return false }

// Operand casts numbers beyond a smallint, and compares json, which has no comparison,
// and times beyond a day as text.
func (Dialect) Operand(c *doctype.Column, class doctype.Class, v document.Value) (cast string, text bool) {
	switch {
	case c.Type.Size == doctype.SizeJSON:
		return "", true
	case (class == doctype.CheckClass || class == doctype.IntClass) && v.Kind() == document.Int && (v.Int() > math.MaxInt16 || v.Int() < math.MinInt16):
		return "bigint", false
	case class == doctype.TimeClass && v.Kind() == document.String && v.Str() > "24":
		return "", true
	}
	return "", false
}

// Function returns PostgreSQL's names.
func (Dialect) Function(name string) string {
	if name == "IFNULL" {
		return "COALESCE"
	}
	return name
}

// textFunctions take text: what is none is converted, as MariaDB does.
var textFunctions = map[string]string{"UPPER": "UPPER", "LOWER": "LOWER", "TRIM": "TRIM", "LTRIM": "LTRIM", "RTRIM": "RTRIM",
	"LENGTH": "OCTET_LENGTH", "SUBSTR": "SUBSTR"}

// numberPattern is the number that a text starts with.
const numberPattern = `^\s*([+-]?(?:[0-9]+\.?[0-9]*|\.[0-9]+)(?:[eE][+-]?[0-9]+)?)`

// WriteFunction writes what has another shape than in MariaDB.
func (d Dialect) WriteFunction(b *storage.Builder, name string, args []func()) bool {
	if own, ok := textFunctions[name]; ok {
		b.SQL(own + "(")
		list(b, args, ", ", "")
		b.SQL(")")
		return true
	}
	switch name {
	case "TEXT":
		cast(b, args[0], "text")
	case "NUMBER":
		b.SQL("CASE WHEN ")
		args[0]()
		b.SQL(" IS NOT NULL THEN COALESCE(CAST(SUBSTRING(")
		cast(b, args[0], "text")
		b.SQL(bytewise + " FROM '" + numberPattern + "') AS double precision), 0) END")
	case "CONCAT":
		b.SQL("(")
		list(b, args, " || ", "")
		b.SQL(")")
	case "REPLACE":
		b.SQL("REPLACE(")
		list(b, args, ", ", d.unlessExact(bytewise))
		b.SQL(")" + d.unlessExact(" COLLATE "+collation))
	case "LOCATE":
		b.SQL("STRPOS(LOWER(")
		list(b, []func(){args[1], args[0]}, "), LOWER(", d.unlessExact(letters))
		b.SQL("))")
	case "GROUP_CONCAT":
		b.SQL("STRING_AGG(")
		cast(b, args[0], "text")
		b.SQL(", ',')")
	case "ROUND":
		b.SQL("ROUND(")
		cast(b, args[0], "numeric")
		if len(args) > 1 {
			b.SQL(", ")
			cast(b, args[1], "integer")
		}
		b.SQL(")")
	case "DATE":
		cast(b, args[0], "date")
	default:
		return false
	}
	return true
}

func cast(b *storage.Builder, arg func(), to string) {
	b.SQL("CAST(")
	arg()
	b.SQL(" AS " + to + ")")
}

// list writes the arguments as text, each followed by its collation ("" for its own).
func list(b *storage.Builder, args []func(), between, collate string) {
	for i, arg := range args {
		if i > 0 {
			b.SQL(between)
		}
		cast(b, arg, "text")
		b.SQL(collate)
	}
}
