package desk

import (
	"bufio"
	"context"
	"io"
	"strings"
	"unicode/utf8"

	"freddo/doctype"
	"freddo/document"
	"freddo/exc"
	"freddo/internal/builtin/arg"
	"freddo/internal/engine"
	"freddo/internal/method"
	"freddo/internal/perm"
	"freddo/internal/query"
	"freddo/internal/xlsx"
)

// exportArgs are parameters of the export beside those of the query.
// Source: frappe/desk/reportview.py export_query.
var exportArgs = []string{"file_format_type", "title", "selected_items", "csv_quoting", "csv_delimiter", "csv_decimal_sep", "translate_values",
	"export_in_background", "add_totals_row", "report_name"}

// exportQuery downloads a list as CSV or as a spreadsheet, for who may export the
// DocType. It is written row by row, whatever its length.
func exportQuery(ctx context.Context, c *engine.Call, a method.Args) (any, error) {
	title := a.Text("title")
	if title == "" {
		title = a.Text("doctype")
	}
	for _, k := range exportArgs {
		c.Form.Delete(k)
	}
	r, _, err := reportRequest(ctx, c, c.Form)
	if err != nil {
		return nil, err
	}
	if v, err := arg.Loads(a.Get("selected_items")); err == nil && len(v.List()) > 0 {
		r.Filters = document.MapOf(document.NewObject("name", document.ListOf(document.Text("in"), v)))
	}
	ownOnly, err := mayExport(ctx, c, r.DocType)
	if err != nil {
		return nil, err
	}
	r.Limit, r.Start, r.AsList, r.CommentCount, r.Pluck = -1, 0, true, false, ""
	r.Fields = withOwner(r.Fields)
	kind := a.Text("file_format_type")
	x := &export{c: c, totals: a.Text("add_totals_row") == "1", ownOnly: ownOnly, dt: r.DocType}
	ext := "csv"
	w := c.Files.NewWriter(maxExport)
	if kind == "Excel" {
		ext = "xlsx"
		err = x.spreadsheet(ctx, w, r)
	} else {
		err = x.csv(ctx, w, r, a)
	}
	if err != nil {
		w.Abort()
		return nil, err
	}
	t, err := w.Finish()
	if err != nil {
		return nil, err
	}
	f, err := t.Open()
	t.Discard() // the open file keeps the bytes
	if err != nil {
		return nil, err
	}
	c.Response.Kind, c.Response.Stream, c.Response.ContentType = "download", f, "application/octet-stream"
	c.Response.Filename = title + "." + ext
	return nil, nil
}

// maxExport is how many bytes an export may have.
const maxExport = 4 << 30

// mayExport refuses those who may not export a DocType; ownOnly says that they may
// export what they own. Source: frappe/permissions.py can_export.
func mayExport(ctx context.Context, c *engine.Call, dt *doctype.DocType) (ownOnly bool, err error) {
	ok, err := c.HasPermission(ctx, dt.Name, doctype.Export, nil)
	if err != nil || ok {
		return false, err
	}
	me, err := c.Me(ctx)
	if err != nil {
		return false, err
	}
	if perm.RoleRights(dt, me).Owned.Has(doctype.Export) {
		return true, nil
	}
	return false, noExport(dt)
}

func noExport(dt *doctype.DocType) error {
	return exc.Permission.New("You are not allowed to export " + dt.Name + " doctype")
}

// withOwner adds the owner as the last column, as upstream does.
func withOwner(fields document.Value) document.Value {
	v, err := arg.Loads(fields)
	if err != nil || len(v.List()) == 0 {
		return fields
	}
	return document.ListOf(append(append([]document.Value{}, v.List()...), document.Text("owner"))...)
}

// export is one export under way.
type export struct {
	c               *engine.Call
	dt              *doctype.DocType
	totals, ownOnly bool
	durations       map[int]bool
	sums            []document.Value
}

// rows calls head with the labels, then row with every row, numbered.
func (x *export) rows(ctx context.Context, r query.Request, row func(cells []document.Value) error) error {
	q, err := x.c.Select(ctx, x.c.Rules, r)
	if err != nil {
		return err
	}
	if err := row(x.labels(q)); err != nil {
		return err
	}
	rows, err := x.c.Tx.List(ctx, q)
	if err != nil {
		return err
	}
	defer rows.Close()
	for n := int64(1); rows.Next(); n++ {
		cells := []document.Value{document.IntOf(n)}
		for i := range q.Columns {
			if !q.Columns[i].Hidden {
				cells = append(cells, rows.Raw(i).Value(q.Columns[i].Class))
			}
		}
		if x.ownOnly && !strings.EqualFold(document.ToText(cells[len(cells)-1]), x.c.User) {
			return noExport(x.dt)
		}
		x.add(cells)
		for i := range x.durations {
			if cells[i].Truthy() {
				cells[i] = document.Text(arg.Duration(document.Flt(cells[i])))
			}
		}
		if err := row(cells); err != nil {
			return err
		}
	}
	if err := rows.Err(); err != nil || !x.totals || x.sums == nil {
		return err
	}
	if !x.sums[1].IsNumber() {
		x.sums[1] = document.Text("Total")
	}
	return row(x.sums)
}

// add keeps the sums of the columns. Source: reportview.py append_totals_row.
func (x *export) add(cells []document.Value) {
	if !x.totals {
		return
	}
	if x.sums == nil {
		x.sums = make([]document.Value, len(cells))
		for i := range x.sums {
			x.sums[i] = document.Text("")
		}
	}
	for i, v := range cells[1:] {
		switch v.Kind() {
		case document.Int:
			if x.sums[i+1].Kind() != document.Float {
				x.sums[i+1] = document.IntOf(x.sums[i+1].Int() + v.Int())
				continue
			}
			fallthrough
		case document.Float:
			x.sums[i+1] = document.FloatOf(x.sums[i+1].Float() + v.Float())
		}
	}
}

// labels are what stands over the columns. Source: reportview.py get_field_info.
func (x *export) labels(q *query.Select) []document.Value {
	out := []document.Value{document.Text("Sr")}
	x.durations = map[int]bool{}
	for i := range q.Columns {
		col := &q.Columns[i]
		if col.Hidden {
			continue
		}
		label := col.Label
		if col.Expr != nil && col.Expr.Kind == query.ColumnExpr && col.Expr.Field.Column != nil {
			f := col.Expr.Field.Column.Field
			switch {
			case f != nil:
				label = f.LabelOrName()
				if f.Fieldtype == "Duration" {
					x.durations[len(out)] = true
				}
			case doctype.StandardLabel(col.Expr.Field.Column.Name) != "":
				label = doctype.StandardLabel(col.Expr.Field.Column.Name)
			}
		}
		out = append(out, document.Text(label))
	}
	return out
}

func (x *export) spreadsheet(ctx context.Context, w io.Writer, r query.Request) error {
	s, err := xlsx.New(w, r.DocType.Name)
	if err != nil {
		return err
	}
	var cells []any
	err = x.rows(ctx, r, func(row []document.Value) error {
		cells = cells[:0]
		for _, v := range row {
			switch v.Kind() {
			case document.Missing, document.Null:
				cells = append(cells, nil)
			case document.Int:
				cells = append(cells, v.Int())
			case document.Float:
				cells = append(cells, v.Float())
			default:
				cells = append(cells, document.ToText(v))
			}
		}
		return s.Row(cells...)
	})
	if err != nil {
		return err
	}
	return s.Close()
}

// Python's csv.QUOTE_… constants.
const (
	quoteMinimal    = 0
	quoteAll        = 1
	quoteNonNumeric = 2
	quoteNone       = 3
)

// csv writes rows as Python's csv module does. Source: frappe/desk/utils.py
// get_csv_bytes.
func (x *export) csv(ctx context.Context, w io.Writer, r query.Request, a method.Args) error {
	delimiter, quoting := ",", int64(quoteNonNumeric)
	if s := a.Text("csv_delimiter"); s != "" {
		_, n := utf8.DecodeRuneInString(s)
		delimiter = s[:n]
	}
	if !a.Get("csv_quoting").IsNull() {
		quoting = a.Int("csv_quoting")
	}
	out := bufio.NewWriter(w)
	err := x.rows(ctx, r, func(row []document.Value) error {
		for i, v := range row {
			if i > 0 {
				_, _ = out.WriteString(delimiter) // errors stay with the buffer
			}
			_, _ = out.WriteString(csvField(v, delimiter, quoting))
		}
		_, err := out.WriteString("\r\n")
		return err
	})
	if err != nil {
		return err
	}
	return out.Flush()
}

func csvField(v document.Value, delimiter string, quoting int64) string {
	text := document.ToText(v)
	quote := false
	switch quoting {
	case quoteAll:
		quote = true
	case quoteNonNumeric:
		quote = !v.IsNumber()
	case quoteNone:
		return strings.NewReplacer(delimiter, "", "\r", "", "\n", "", `"`, "").Replace(text)
	default:
		quote = strings.ContainsAny(text, "\"\r\n"+delimiter)
	}
	if !quote {
		return text
	}
	return `"` + strings.ReplaceAll(text, `"`, `""`) + `"`
}
