package dataimport

import (
	"bytes"
	"context"

	"freddo/doctype"
	"freddo/document"
	"freddo/exc"
	"freddo/internal/builtin/arg"
	"freddo/internal/builtin/report"
	"freddo/internal/engine"
	"freddo/internal/method"
	"freddo/internal/query"
	"freddo/internal/sheet"
)

// exported is a part of a template: the DocType's own fields, or those of a table.
type exported struct {
	dt     *doctype.DocType
	table  *doctype.DocField
	fields []*field
	at     int // its first column
}

// maxExported is how many documents a template holds.
const maxExported = 100_000

// downloadTemplate answers a file to fill in, with documents in it unless it is to be
// blank. Source: frappe/core/doctype/data_import/exporter.py.
func downloadTemplate(ctx context.Context, c *engine.Call, a method.Args) (any, error) {
	dt, err := c.DocType(ctx, a.Text("doctype"))
	if err != nil {
		return nil, err
	}
	if err := c.CheckList(ctx, dt); err != nil {
		return nil, err
	}
	wanted, err := arg.Object(a.Get("export_fields"))
	if err != nil {
		return nil, err
	}
	parts, err := exportedParts(ctx, c, dt, wanted)
	if err != nil {
		return nil, err
	}
	rows := [][]any{head(parts)}
	if records := a.Text("export_records"); records != "blank_template" {
		limit := int64(maxExported)
		if records == "5_records" {
			limit = 5
		}
		if err := report.MayExport(ctx, c, dt.Name); err != nil {
			return nil, err
		}
		filled, err := exportRows(ctx, c, dt, parts, method.ParseJSON(a.Get("export_filters")), limit)
		if err != nil {
			return nil, err
		}
		rows = append(rows, filled...)
	}
	if len(rows) == 1 {
		rows = append(rows, []any{}, []any{})
	}
	switch kind := a.Text("file_type"); kind {
	case "CSV":
		return nil, answerCSV(c, dt.Name, rows)
	case "Excel":
		return nil, answerXLSX(c, dt.Name, rows)
	default:
		return nil, exc.Validation.Throwf("Unknown file format %s", kind)
	}
}

func answerXLSX(c *engine.Call, name string, rows [][]any) error {
	var b bytes.Buffer
	w, err := sheet.NewXLSX(&b, name)
	if err != nil {
		return err
	}
	for _, row := range rows {
		if err := w.Row(row); err != nil {
			return err
		}
	}
	err = w.Close()
	c.Response.Kind, c.Response.Filename, c.Response.Content = "binary", name+".xlsx", b.Bytes()
	return err
}

func exportedParts(ctx context.Context, c *engine.Call, dt *doctype.DocType, wanted *document.Object) ([]*exported, error) {
	var parts []*exported
	at := 0
	for i := range wanted.Len() {
		key, names := wanted.At(i)
		p := &exported{dt: dt, at: at}
		if key != dt.Name {
			p.table = dt.Field(key)
			if p.table == nil || p.table.Type.Class != doctype.TableClass {
				continue
			}
			var err error
			if p.dt, err = c.DocType(ctx, p.table.Options); err != nil {
				return nil, err
			}
		}
		for _, n := range arg.Strings(names) {
			if n == "name" {
				p.fields = append([]*field{idField(p.dt.Name, p.table)}, p.fields...)
			} else if f := p.dt.Field(n); f != nil && holdsValue(f) {
				p.fields = append(p.fields, fieldOf(f, p.dt.Name, p.table))
			}
		}
		at += len(p.fields)
		parts = append(parts, p)
	}
	return parts, nil
}

// head are the labels; one that is taken gives way to the fieldname.
func head(parts []*exported) []any {
	out, seen := []any{}, map[string]bool{}
	for _, p := range parts {
		for _, f := range p.fields {
			label := f.label
			if p.table != nil {
				label += " (" + p.table.LabelOrName() + ")"
			}
			if seen[label] {
				label = f.name
				if p.table != nil {
					label = p.table.Fieldname + "." + f.name
				}
			}
			seen[label] = true
			out = append(out, label)
		}
	}
	return out
}

// exportRows are the documents that the caller may list; child rows stand beside and
// below their parent.
func exportRows(ctx context.Context, c *engine.Call, dt *doctype.DocType, parts []*exported, filters document.Value, limit int64) ([][]any, error) {
	order := "creation desc"
	if dt.IsTree {
		order = "lft asc"
	}
	r := query.Request{DocType: dt, Fields: document.Texts([]string{"name"}), Filters: filters, OrderBy: document.Text(order), Limit: limit, AsList: true}
	res, err := c.List(ctx, r)
	if err != nil {
		return nil, err
	}
	v, err := document.ParseJSON(string(res.JSON))
	if err != nil {
		return nil, err
	}
	width := 0
	for _, p := range parts {
		width += len(p.fields)
	}
	var out [][]any
	for _, item := range v.List() {
		d, err := c.Get(ctx, dt.Name, document.ToText(item.List()[0]))
		if err != nil {
			return nil, err
		}
		if err := c.StripUnreadable(ctx, d); err != nil {
			return nil, err
		}
		if d, err = c.Masked(ctx, d); err != nil {
			return nil, err
		}
		out = append(out, documentRows(d, parts, width)...)
	}
	return out, nil
}

func documentRows(d *document.Document, parts []*exported, width int) [][]any {
	var rows [][]any
	put := func(n int, p *exported, from *document.Document) {
		for len(rows) <= n {
			rows = append(rows, make([]any, width))
		}
		for i, f := range p.fields {
			rows[n][p.at+i] = report.Cell(from.Get(f.name))
			if f.kind == "Duration" {
				rows[n][p.at+i] = arg.Duration(document.Flt(from.Get(f.name)))
			}
		}
	}
	for _, p := range parts {
		if p.table == nil {
			put(0, p, d)
			continue
		}
		for n, row := range d.Rows(p.table.Fieldname) {
			put(n, p, row)
		}
	}
	return rows
}
