package desk

import (
	"bytes"
	"context"
	"encoding/csv"
	"strconv"

	"freddo/doctype"
	"freddo/document"
	"freddo/exc"
	"freddo/internal/engine"
	"freddo/internal/method"
	"freddo/internal/query"
)

// exportArgs are parameters of the export beside those of the query.
// Source: frappe/desk/reportview.py export_query.
var exportArgs = []string{"file_format_type", "title", "selected_items", "csv_quoting", "csv_delimiter", "csv_decimal_sep", "translate_values", "export_in_background"}

// exportQuery downloads a list as CSV, for who may export the DocType.
func exportQuery(ctx context.Context, c *engine.Call, a method.Args) (any, error) {
	title := a.Text("title")
	if title == "" {
		title = a.Text("doctype")
	}
	for _, k := range exportArgs {
		c.Form.Delete(k)
	}
	r, _, err := reportRequest(ctx, c)
	if err != nil {
		return nil, err
	}
	ok, err := c.HasPermission(ctx, r.DocType.Name, doctype.Export, nil)
	if err != nil {
		return nil, err
	}
	if !ok {
		return nil, exc.Permission.New("You are not allowed to export " + r.DocType.Name + " doctype")
	}
	if kind := a.Text("file_format_type"); kind != "" && kind != "CSV" {
		return nil, exc.Validation.Throw("Only CSV can be exported")
	}
	r.Limit, r.Start, r.AsList, r.CommentCount = -1, 0, false, false
	out, err := csvOf(ctx, c, r)
	if err != nil {
		return nil, err
	}
	c.Response.Kind, c.Response.Content, c.Response.ContentType = "download", out, "text/csv; charset=utf-8"
	c.Response.Filename, c.Response.Disposition = title+".csv", "attachment"
	return nil, nil
}

// csvOf writes a header of labels, then numbered rows.
func csvOf(ctx context.Context, c *engine.Call, r query.Request) ([]byte, error) {
	res, err := c.List(ctx, r)
	if err != nil {
		return nil, err
	}
	v, err := document.ParseJSON(string(res.JSON))
	if err != nil {
		return nil, err
	}
	var b bytes.Buffer
	w := csv.NewWriter(&b)
	w.UseCRLF = true
	for i, item := range v.List() {
		m := item.Map()
		if i == 0 {
			head := []string{"Sr"}
			for _, k := range m.Keys() {
				head = append(head, labelOf(r.DocType, k))
			}
			if err := w.Write(head); err != nil {
				return nil, err
			}
		}
		row := []string{strconv.Itoa(i + 1)}
		for _, k := range m.Keys() {
			row = append(row, document.ToText(m.Get(k)))
		}
		if err := w.Write(row); err != nil {
			return nil, err
		}
	}
	w.Flush()
	return b.Bytes(), w.Error()
}

func labelOf(dt *doctype.DocType, name string) string {
	if f := dt.Field(name); f != nil {
		return f.LabelOrName()
	}
	if label := doctype.StandardLabel(name); label != "" {
		return label
	}
	return name
}
