package engine

import (
	"context"
	"time"

	"freddo/document"
	"freddo/internal/pyexpr"
)

// exprHost is the name frappe inside of an expression: a little of frappe.db,
// frappe.session and frappe.utils. Source: frappe/model/workflow.py
// get_workflow_safe_globals.
type exprHost struct {
	c   *Call
	ctx context.Context
}

// namespace is a host object of fixed attributes.
type namespace map[string]pyexpr.Value

// Attr returns an attribute.
func (n namespace) Attr(name string) (pyexpr.Value, bool, error) {
	v, ok := n[name]
	return v, ok, nil
}

func (h *exprHost) frappe() pyexpr.Object {
	return namespace{
		"session": namespace{"user": h.c.User},
		"db":      namespace{"get_value": pyexpr.Func(h.getValue), "get_list": pyexpr.Func(h.getList)},
		"utils": namespace{
			"now_datetime": pyexpr.Func(func([]pyexpr.Value, map[string]pyexpr.Value) (pyexpr.Value, error) {
				return pyexpr.DateTime{Time: h.now()}, nil
			}),
			"now": pyexpr.Func(func([]pyexpr.Value, map[string]pyexpr.Value) (pyexpr.Value, error) { return h.c.Stamp(), nil }),
			"today": pyexpr.Func(func([]pyexpr.Value, map[string]pyexpr.Value) (pyexpr.Value, error) {
				return h.c.Today(), nil
			}),
			"nowdate": pyexpr.Func(func([]pyexpr.Value, map[string]pyexpr.Value) (pyexpr.Value, error) {
				return h.c.Today(), nil
			}),
			"get_datetime": pyexpr.Func(h.getDatetime),
			"getdate":      pyexpr.Func(h.getDate),
			"add_to_date":  pyexpr.Func(h.addToDate),
			"flt": pyexpr.Func(func(a []pyexpr.Value, _ map[string]pyexpr.Value) (pyexpr.Value, error) {
				return document.Flt(first(a)), nil
			}),
			"cint": pyexpr.Func(func(a []pyexpr.Value, _ map[string]pyexpr.Value) (pyexpr.Value, error) {
				return document.Cint(first(a)), nil
			}),
			"cstr": pyexpr.Func(func(a []pyexpr.Value, _ map[string]pyexpr.Value) (pyexpr.Value, error) {
				return document.ToText(first(a)), nil
			}),
		},
	}
}

// now is the present as Python's naive datetime: it compares with what documents hold.
func (h *exprHost) now() time.Time { return h.c.SiteNow().Truncate(time.Microsecond) }

func first(args []pyexpr.Value) document.Value {
	if len(args) == 0 {
		return document.NullValue
	}
	return fromPython(args[0])
}

func wrongArguments(name string) error {
	return &pyexpr.Error{Class: "TypeError", Text: name + "() was called with arguments that are not supported"}
}

// lookup reads the arguments doctype, filters and fieldname of get_value and get_list.
func (h *exprHost) lookup(name string, args []pyexpr.Value, kw map[string]pyexpr.Value, order [3]string) (rows []*document.Object, fields []string, err error) {
	given := map[string]pyexpr.Value{}
	for i, a := range args {
		if i >= len(order) {
			return nil, nil, wrongArguments(name)
		}
		given[order[i]] = a
	}
	for k, v := range kw {
		given[k] = v
	}
	dt, ok := given["doctype"].(string)
	if !ok {
		return nil, nil, wrongArguments(name)
	}
	filters, err := exprFilters(name, given["filters"])
	if err != nil {
		return nil, nil, err
	}
	switch f := fromPython(given[order[2]]); f.Kind() {
	case document.String:
		fields = []string{f.Str()}
	case document.List:
		for _, x := range f.List() {
			fields = append(fields, document.ToText(x))
		}
	default:
		fields = []string{"name"}
	}
	if given["fieldname"] == nil && given["fields"] == nil {
		fields = []string{"name"}
	}
	rows, err = h.c.Rows(h.ctx, dt, fields, filters, "")
	return rows, fields, err
}

// exprFilters takes a name or a dict of equalities.
func exprFilters(name string, v pyexpr.Value) (*document.Object, error) {
	switch t := v.(type) {
	case nil:
		return nil, nil
	case string:
		return document.NewObject("name", t), nil
	case *pyexpr.Dict:
		o := &document.Object{}
		for _, k := range t.Keys() {
			key, ok := k.(string)
			if !ok {
				return nil, wrongArguments(name)
			}
			x, _ := t.Get(k)
			o.Set(key, fromPython(x))
		}
		return o, nil
	}
	return nil, wrongArguments(name)
}

// getValue is frappe.db.get_value: a value, a tuple of values, or None.
func (h *exprHost) getValue(args []pyexpr.Value, kw map[string]pyexpr.Value) (pyexpr.Value, error) {
	rows, fields, err := h.lookup("get_value", args, kw, [3]string{"doctype", "filters", "fieldname"})
	if err != nil || len(rows) == 0 {
		return nil, err
	}
	if len(fields) == 1 {
		return toPython(rows[0].Get(fields[0])), nil
	}
	out := make(pyexpr.Tuple, len(fields))
	for i, f := range fields {
		out[i] = toPython(rows[0].Get(f))
	}
	return out, nil
}

// getList is frappe.db.get_list: a list of dicts.
func (h *exprHost) getList(args []pyexpr.Value, kw map[string]pyexpr.Value) (pyexpr.Value, error) {
	rows, _, err := h.lookup("get_list", args, kw, [3]string{"doctype", "filters", "fields"})
	if err != nil {
		return nil, err
	}
	out := &pyexpr.List{}
	for _, r := range rows {
		out.Items = append(out.Items, toPython(document.MapOf(r)))
	}
	return out, nil
}

// datetime reads a date, a datetime or its text; none is the present.
func (h *exprHost) datetime(v pyexpr.Value) (time.Time, error) {
	switch t := v.(type) {
	case nil:
		return h.now(), nil
	case pyexpr.DateTime:
		return t.Time, nil
	case pyexpr.Date:
		return t.Time, nil
	case string:
		for _, layout := range []string{"2006-01-02 15:04:05", "2006-01-02T15:04:05", "2006-01-02 15:04", "2006-01-02"} {
			if d, err := time.ParseInLocation(layout, t, h.c.Zone); err == nil {
				return d, nil
			}
		}
		return time.Time{}, &pyexpr.Error{Class: "ValueError", Text: "Unknown string format: " + t}
	}
	return time.Time{}, wrongArguments("get_datetime")
}

func (h *exprHost) getDatetime(args []pyexpr.Value, _ map[string]pyexpr.Value) (pyexpr.Value, error) {
	t, err := h.datetime(argument(args, 0))
	return pyexpr.DateTime{Time: t}, err
}

func (h *exprHost) getDate(args []pyexpr.Value, _ map[string]pyexpr.Value) (pyexpr.Value, error) {
	t, err := h.datetime(argument(args, 0))
	return pyexpr.Date{Time: time.Date(t.Year(), t.Month(), t.Day(), 0, 0, 0, 0, h.c.Zone)}, err
}

func argument(args []pyexpr.Value, i int) pyexpr.Value {
	if i < len(args) {
		return args[i]
	}
	return nil
}

// addToDate is frappe.utils.add_to_date(date, years, months, weeks, days, hours,
// minutes, seconds). Text gives text, dates give dates.
func (h *exprHost) addToDate(args []pyexpr.Value, kw map[string]pyexpr.Value) (pyexpr.Value, error) {
	from := argument(args, 0)
	if v, ok := kw["date"]; ok {
		from = v
	}
	t, err := h.datetime(from)
	if err != nil {
		return nil, err
	}
	n := [7]int64{}
	for i, name := range [7]string{"years", "months", "weeks", "days", "hours", "minutes", "seconds"} {
		v, ok := kw[name]
		if !ok {
			v = argument(args, i+1)
		}
		n[i] = document.Cint(fromPython(v))
	}
	t = addMonths(t, int(n[0])*12+int(n[1])).AddDate(0, 0, int(n[2]*7+n[3])).
		Add(time.Duration(n[4])*time.Hour + time.Duration(n[5])*time.Minute + time.Duration(n[6])*time.Second)
	switch s := from.(type) {
	case pyexpr.Date:
		return pyexpr.Date{Time: t}, nil
	case string:
		if len(s) == len("2006-01-02") {
			return t.Format("2006-01-02"), nil
		}
		return t.Format("2006-01-02 15:04:05.000000"), nil
	}
	return pyexpr.DateTime{Time: t}, nil
}

// addMonths keeps the day, or takes the month's last, as Python's relativedelta does.
func addMonths(t time.Time, n int) time.Time {
	start := time.Date(t.Year(), t.Month()+time.Month(n), 1, t.Hour(), t.Minute(), t.Second(), t.Nanosecond(), t.Location())
	last := start.AddDate(0, 1, -1).Day()
	return start.AddDate(0, 0, min(t.Day(), last)-1)
}
