package core

import (
	"context"
	"strconv"
	"strings"

	"freddo/doctype"
	"freddo/document"
	"freddo/internal/builtin/arg"
	"freddo/internal/engine"
)

// formatter prints values for people, by the system's settings.
// Source: frappe/utils/formatters.py format_value.
type formatter struct {
	dateFormat, group, decimal string
	numberDigits, floatDigits  int
	currencyDigits             int
}

// numberFormats: decimal mark, group mark, digits.
// Source: frappe/utils/data.py number_format_info.
var numberFormats = map[string]struct {
	decimal, group string
	digits         int
}{
	"#,###.##": {".", ",", 2}, "#.###,##": {",", ".", 2}, "# ###.##": {".", " ", 2}, "# ###,##": {",", " ", 2}, "#'###.##": {".", "'", 2},
	"#, ###.##": {".", ", ", 2}, "#,##,###.##": {".", ",", 2}, "#,###.###": {".", ",", 3}, "#.###": {"", ".", 0}, "#,###": {"", ",", 0},
	"#.########": {".", "", 8},
}

func newFormatter(ctx context.Context, c *engine.Call) (*formatter, error) {
	var text [4]string
	for i, key := range []string{"date_format", "number_format", "float_precision", "currency_precision"} {
		v, err := c.Setting(ctx, "System Settings", key)
		if err != nil {
			return nil, err
		}
		text[i] = document.ToText(v)
	}
	info, ok := numberFormats[text[1]]
	if !ok {
		info = numberFormats["#,###.##"]
	}
	f := &formatter{dateFormat: text[0], decimal: info.decimal, group: info.group, numberDigits: info.digits}
	f.floatDigits = int(document.Cint(document.Text(text[2])))
	if f.floatDigits == 0 {
		f.floatDigits = 3
	}
	f.currencyDigits = int(document.Cint(document.Text(text[3])))
	if f.currencyDigits == 0 {
		f.currencyDigits = info.digits
	}
	return f, nil
}

func (f *formatter) value(df *doctype.DocField, v document.Value) document.Value {
	switch df.Fieldtype {
	case "Date":
		return document.Text(f.date(v.Str()))
	case "Datetime":
		day, clock, _ := strings.Cut(v.Str(), " ")
		clock, _, _ = strings.Cut(clock, ".")
		return document.Text(strings.TrimSpace(f.date(day) + " " + clock))
	case "Time":
		clock, _, _ := strings.Cut(v.Str(), ".")
		if stored, ok := document.StoredTime(clock); ok && stored < "24" { // Frappe: longer ones are not padded
			clock = stored[:len("00:00:00")]
		}
		return document.Text(clock)
	case "Duration":
		return document.Text(arg.Duration(document.Flt(v)))
	case "Currency":
		digits := df.Precision
		if digits == 0 {
			digits = f.currencyDigits
		}
		return document.Text(f.money(document.Flt(v), digits))
	case "Float":
		digits := df.Precision
		if digits == 0 {
			digits = f.floatDigits
		}
		if x := document.Flt(v); df.Options == "" && x == float64(int64(x)) {
			digits = 0 // Frappe: 1.000000 is shown as 1
		}
		return document.Text(f.money(document.Flt(v), digits))
	case "Percent":
		return document.Text(string(document.Python.AppendFloat(nil, round(document.Flt(v), 2))) + "%")
	}
	return v
}

// date prints a stored date in the system's format.
func (f *formatter) date(s string) string {
	parts := strings.Split(s, "-")
	if f.dateFormat == "" || len(parts) != 3 {
		return s
	}
	return strings.NewReplacer("yyyy", parts[0], "mm", parts[1], "dd", parts[2]).Replace(f.dateFormat)
}

func round(x float64, digits int) float64 {
	r, _ := strconv.ParseFloat(strconv.FormatFloat(x, 'f', digits, 64), 64)
	return r
}

// money prints a number with group marks. More than two digits shrink to what the
// number needs. Source: frappe/utils/data.py fmt_money.
func (f *formatter) money(x float64, digits int) string {
	if f.decimal == "" {
		digits = 0
	} else if digits > 2 {
		_, frac, _ := strings.Cut(strconv.FormatFloat(round(x, digits), 'f', -1, 64), ".")
		switch n := len(frac); {
		case n < 3:
			digits = f.numberDigits
		case n < digits:
			digits = n
		}
	}
	text := strconv.FormatFloat(x, 'f', digits, 64)
	minus := strings.HasPrefix(text, "-")
	whole, frac, _ := strings.Cut(strings.TrimPrefix(text, "-"), ".")
	var b strings.Builder
	for i, r := range whole {
		if i > 0 && (len(whole)-i)%3 == 0 {
			b.WriteString(f.group)
		}
		b.WriteRune(r)
	}
	out := b.String()
	if frac != "" {
		out += f.decimal + frac
	}
	if minus {
		return "-" + out
	}
	return out
}
