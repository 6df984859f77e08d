package dataimport

import (
	"context"
	"errors"
	"fmt"
	"path"
	"strconv"
	"strings"

	"freddo/doctype"
	"freddo/document"
	"freddo/exc"
	"freddo/internal/builtin/file"
	"freddo/internal/engine"
	"freddo/internal/sheet"
)

const (
	insertNew = "Insert New Records"
	update    = "Update Existing Records"
	// maxFile is how many bytes a file to import may have.
	maxFile = 64 << 20
	// cellFactor is how many bytes a byte of a file takes as cells.
	cellFactor = 4
)

// template is a file with a header and rows, matched with a DocType.
// Source: frappe/core/doctype/data_import/importer.py ImportFile.
type template struct {
	c       *engine.Call
	dt      *doctype.DocType
	kind    string // insertNew or update
	columns []*column
	rows    []*line
	links   map[[2]string]bool
	// serials says that dates are a spreadsheet's numbers.
	serials bool
}

// line is a row of the file; number counts from 1, the header's rows too.
type line struct {
	number  int
	cells   []string
	remarks []warning
}

// payload is a document of the file and its rows.
type payload struct {
	doc  *document.Object
	rows []*line
}

// open reads the file of a Data Import. Errors: ValidationError for a file that is not
// there, of another type, or without rows.
func open(ctx context.Context, c *engine.Call, d *document.Document) (*template, error) {
	dt, err := c.DocType(ctx, d.Text("reference_doctype"))
	if err != nil {
		return nil, err
	}
	t := &template{c: c, dt: dt, kind: d.Text("import_type"), links: map[[2]string]bool{}}
	raw, err := t.read(ctx, d.Text("import_file"))
	if err != nil {
		return nil, err
	}
	maps := &document.Object{}
	if v, err := document.ParseJSON(d.Text("template_options")); err == nil && v.Map() != nil {
		if m := v.Map().Get("column_to_field_map").Map(); m != nil {
			maps = m
		}
	}
	if err := t.match(ctx, raw, maps); err != nil {
		return nil, err
	}
	if len(t.rows) == 0 {
		return nil, templateError("Import template should contain a Header and atleast one row.")
	}
	return t, nil
}

func (t *template) read(ctx context.Context, u string) ([][]string, error) {
	content, err := file.Content(ctx, t.c, u, maxFile)
	if errors.Is(err, file.ErrNoFile) {
		return nil, errNoTemplate()
	}
	if err != nil {
		return nil, err
	}
	kind := strings.ToLower(path.Ext(u))
	t.serials = kind == ".xlsx"
	c := t.c
	v, err := c.Prepare(ctx, "sheet "+u, func(ctx context.Context) (any, error) {
		content, err := content()
		switch {
		case errors.Is(err, file.ErrNoFile):
			return nil, errNoTemplate()
		case err != nil:
			return nil, err
		case len(content) == 0:
			return nil, exc.Validation.Throw("Invalid or corrupted content for import")
		}
		return cells(ctx, c, kind, content)
	})
	if errors.Is(err, engine.ErrHolding) {
		return nil, exc.Validation.Throw("A file to import cannot be read after other writes of a batch")
	}
	rows, _ := v.([][]string)
	return rows, err
}

func errNoTemplate() error { return exc.Validation.Throw("Invalid template file for import") }

// cells reads a file to import. It takes long, and the more memory the more cells there
// are.
func cells(ctx context.Context, c *engine.Call, kind string, content []byte) (rows [][]string, err error) {
	take := func(n int64) error {
		if c.Reserve == nil {
			return nil
		}
		return c.Reserve(ctx, n)
	}
	switch kind {
	case ".csv", "":
		if err := take(int64(len(content)) * cellFactor); err != nil {
			return nil, err
		}
		rows, err = sheet.ReadCSV(content)
		if errors.Is(err, sheet.ErrInvalid) {
			return nil, exc.Validation.Throw("Not a valid Comma Separated Value (CSV File)")
		}
	case ".xlsx":
		rows, err = sheet.ReadXLSX(content, func(n int64) error { return take(n * cellFactor) })
	default:
		return nil, templateError("Import template should be of type .csv, .xlsx or .xls")
	}
	switch {
	case errors.Is(err, sheet.ErrTooBig):
		return nil, templateError("The file has too many cells")
	case errors.Is(err, sheet.ErrInvalid):
		return nil, exc.Validation.Throw("Invalid or corrupted content for import")
	}
	return rows, err
}

// match finds the header, the columns' fields, and the rows.
func (t *template) match(ctx context.Context, raw [][]string, maps *document.Object) error {
	known, err := headers(ctx, t.c, t.dt)
	if err != nil {
		return err
	}
	seen := map[string]bool{}
	for i, cells := range raw {
		if blank(cells) {
			continue
		}
		if t.columns == nil {
			for j, h := range cells {
				t.columns = append(t.columns, newColumn(j, h, maps.PropText(strconv.Itoa(j)), known, seen))
				seen[h] = true
			}
			continue
		}
		r := &line{number: i + 1, cells: cells}
		if len(cells) != len(t.columns) {
			text := "Row has more values than columns"
			if len(cells) < len(t.columns) {
				text = "Row has less values than columns"
			}
			r.remarks = append(r.remarks, warning{row: r.number, text: text})
		}
		t.rows = append(t.rows, r)
	}
	for _, o := range t.columns {
		values := make([]string, len(t.rows))
		for i, r := range t.rows {
			if o.index < len(r.cells) {
				if o.field != nil && t.serials {
					r.cells[o.index] = unserial(r.cells[o.index], o.field.kind)
				}
				values[i] = r.cells[o.index]
			}
		}
		if err := o.check(ctx, t.c, values); err != nil {
			return err
		}
	}
	return nil
}

func blank(cells []string) bool {
	for _, s := range cells {
		if s != "" {
			return false
		}
	}
	return true
}

// of are the columns of the DocType itself, or of one of its tables.
func (t *template) of(table *doctype.DocField) []*column {
	var out []*column
	for _, o := range t.columns {
		if !o.skip && o.field != nil && o.field.table == table && (table != nil || o.field.parent == t.dt.Name) {
			out = append(out, o)
		}
	}
	return out
}

// payloads are the documents of the file. Rows that leave the DocType's own columns
// empty add child rows to the document before them.
func (t *template) payloads(ctx context.Context) ([]payload, error) {
	own := t.of(nil)
	type part struct {
		table   *doctype.DocField
		columns []*column
	}
	var tables []part
	for _, f := range t.dt.Tables {
		if cols := t.of(f); len(cols) > 0 {
			tables = append(tables, part{f, cols})
		}
	}
	var out []payload
	for _, r := range t.rows {
		if len(out) == 0 || len(tables) == 0 || !r.blank(own) {
			o, err := t.object(ctx, r, own)
			if err != nil {
				return nil, err
			}
			if o == nil {
				o = &document.Object{}
			}
			out = append(out, payload{doc: o})
		}
		p := &out[len(out)-1]
		p.rows = append(p.rows, r)
		for _, child := range tables {
			o, err := t.object(ctx, r, child.columns)
			if err != nil {
				return nil, err
			}
			if o != nil {
				name := child.table.Fieldname
				p.doc.Set(name, document.ListOf(append(p.doc.Get(name).List(), document.MapOf(o))...))
			}
		}
	}
	return out, nil
}

func (r *line) blank(columns []*column) bool {
	for _, o := range columns {
		if o.index < len(r.cells) && r.cells[o.index] != "" {
			return false
		}
	}
	return true
}

// object reads a row's values; nil when all are empty.
func (t *template) object(ctx context.Context, r *line, columns []*column) (*document.Object, error) {
	if r.blank(columns) {
		return nil, nil
	}
	o := &document.Object{}
	for _, col := range columns {
		if col.index >= len(r.cells) || r.cells[col.index] == "" {
			continue
		}
		v, err := t.value(ctx, r, col, r.cells[col.index])
		if err != nil {
			return nil, err
		}
		if v.Kind() != document.Missing {
			o.Set(col.field.name, v)
		}
	}
	return o, nil
}

// value reads one cell, or remarks why it cannot. Source: importer.py validate_value,
// parse_value.
func (t *template) value(ctx context.Context, r *line, col *column, cell string) (document.Value, error) {
	f := col.field
	wrong := func(withCol bool, format string, args ...any) document.Value {
		w := warning{row: r.number, field: f, text: fmt.Sprintf(format, args...)}
		if withCol {
			w.col = col.index + 1
		}
		r.remarks = append(r.remarks, w)
		return document.Value{}
	}
	switch f.kind {
	case "Select":
		if list := options(f); len(list) > 0 && !contains(list, cell) {
			return wrong(false, "Value must be one of %s", bolds(list)), nil
		}
	case "Link":
		ok, err := t.exists(ctx, f.options, cell)
		if err != nil {
			return document.Value{}, err
		}
		if !ok {
			return wrong(false, "Value %s missing for %s", engine.Bold(cell), engine.Bold(f.options)), nil
		}
	case "Date", "Datetime":
		s, ok := date(cell, col.format, f.kind)
		if !ok {
			return wrong(true, "Value %s must in %s format", engine.Bold(cell), engine.Bold(shownFormat(col.format))), nil
		}
		return document.Text(s), nil
	case "Duration":
		n, ok := seconds(cell)
		if !ok {
			wrong(true, "Value %s must be in the valid duration format: d h m s", engine.Bold(cell))
		}
		return document.IntOf(n), nil
	case "Check":
		switch strings.ToLower(cell) {
		case "t", "true", "y", "yes":
			return document.IntOf(1), nil
		case "f", "false", "n", "no":
			return document.IntOf(0), nil
		}
		return document.IntOf(document.Cint(document.Text(cell))), nil
	case "Int":
		return document.IntOf(document.Cint(document.Text(cell))), nil
	case "Float", "Percent", "Currency":
		return document.FloatOf(document.Flt(document.Text(cell))), nil
	}
	return document.Text(cell), nil
}

func contains(list []string, s string) bool {
	for _, x := range list {
		if x == s {
			return true
		}
	}
	return false
}

// exists asks once for each link.
func (t *template) exists(ctx context.Context, dt, name string) (bool, error) {
	key := [2]string{dt, name}
	ok, known := t.links[key]
	if known {
		return ok, nil
	}
	_, ok, err := t.c.Exists(ctx, dt, name)
	t.links[key] = ok
	return ok, err
}

// warnings are all remarks, those of columns first.
func (t *template) warnings() []warning {
	var out []warning
	for _, o := range t.columns {
		out = append(out, o.remarks...)
	}
	for _, r := range t.rows {
		out = append(out, r.remarks...)
	}
	return out
}
