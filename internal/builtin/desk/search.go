package desk

import (
	"context"
	"sort"
	"strings"

	"freddo/doctype"
	"freddo/document"
	"freddo/exc"
	"freddo/internal/builtin/arg"
	"freddo/internal/builtin/quirk"
	"freddo/internal/engine"
	"freddo/internal/method"
	"freddo/internal/query"
)

// search finds documents for link fields. Source: frappe/desk/search.py.
type search struct {
	methods *method.Registry
}

// searchParams are shared by both methods; their defaults differ by release and are
// filled in by fn.
func searchParams() []method.Param {
	return []method.Param{arg.Opt("query", method.Any, nil), arg.Opt("filters", method.Any, nil), arg.Opt("page_length", method.Int, nil),
		arg.Opt("searchfield", method.Any, nil), arg.Opt("start", method.Any, 0), arg.Opt("filter_fields", method.Any, nil), arg.Opt("as_dict", method.Any, false),
		arg.Opt("reference_doctype", method.Any, nil), arg.Opt("ignore_user_permissions", method.Any, false),
		arg.Opt("link_fieldname", method.Any, nil)}
}

// link answers value, description and label of what matches.
// Source: search.py search_link, build_for_autosuggest.
func (s *search) link(ctx context.Context, c *engine.Call, a method.Args) (any, error) {
	dt, err := c.DocType(ctx, a.Text("doctype"))
	if err != nil {
		return nil, err
	}
	rows, err := s.find(ctx, c, dt, a)
	if err != nil {
		return nil, err
	}
	labels := quirk.Of(c.Profile).SearchLabels
	out := make([]document.Value, len(rows))
	for i, row := range rows {
		o := suggestion(dt, row)
		if labels && !o.Has("label") {
			o.Set("label", row[0])
		}
		out[i] = document.MapOf(o)
	}
	if labels && c.Request.Method == "GET" {
		c.Response.Header = append(c.Response.Header, [2]string{"Cache-Control", "private,max-age=300,stale-while-revalidate=300"})
	}
	return topLevel(c, "results", document.ListOf(out...)), nil
}

// topLevel puts a result under a key of its own where the release does.
func topLevel(c *engine.Call, key string, v document.Value) any {
	if quirk.Of(c.Profile).SearchTopLevel {
		c.Response.Keys.Set(key, v)
		return nil
	}
	return v
}

func suggestion(dt *doctype.DocType, row []document.Value) *document.Object {
	if !dt.ShowTitleInLink || len(row) < 2 {
		return document.NewObject("value", row[0], "description", joined(row[1:]))
	}
	label := row[1]
	rest := append([]document.Value{row[0]}, row[2:]...)
	if len(rest) >= 2 && rest[1].Equal(label) {
		rest = append(rest[:1:1], rest[2:]...)
	}
	o := document.NewObject("value", row[0], "description", joined(rest))
	if document.ToText(row[0]) != document.ToText(label) {
		o.Set("label", label)
	}
	return o
}

// joined lists the values that are not empty, each once.
func joined(values []document.Value) string {
	var parts []string
	seen := map[string]bool{}
	for _, v := range values {
		text := document.ToText(v)
		if !v.Truthy() || seen[text] {
			continue
		}
		seen[text] = true
		parts = append(parts, text)
	}
	return strings.Join(parts, ", ")
}

func (s *search) widget(ctx context.Context, c *engine.Call, a method.Args) (any, error) {
	dt, err := c.DocType(ctx, a.Text("doctype"))
	if err != nil {
		return nil, err
	}
	rows, err := s.find(ctx, c, dt, a)
	if err != nil {
		return nil, err
	}
	fields := searchColumns(dt, a.Text("searchfield"))
	if a.Text("query") == "" && dt.ShowTitleInLink && dt.TitleField != "" && dt.Column(dt.TitleField) != nil {
		fields = append([]string{"name", "label"}, fields[1:]...) // as find selects them
	}
	out := make([]document.Value, len(rows))
	for i, row := range rows {
		if !a.Get("as_dict").Truthy() {
			out[i] = document.ListOf(row...)
			continue
		}
		o := &document.Object{}
		for j, f := range fields {
			if j < len(row) {
				o.Set(f, row[j])
			}
		}
		out[i] = document.MapOf(o)
	}
	return topLevel(c, "values", document.ListOf(out...)), nil
}

// searchColumns are the columns of a result: name, title, the searched field and the
// DocType's search_fields. Source: search.py get_std_fields_list.
func searchColumns(dt *doctype.DocType, key string) []string {
	out := []string{"name"}
	add := func(name string) {
		name = strings.TrimSpace(name)
		for _, f := range out {
			if f == name {
				return
			}
		}
		if col := dt.Column(name); col != nil && col.Stored {
			out = append(out, name)
		}
	}
	if dt.TitleField != "" {
		add(dt.TitleField)
	}
	if key != "" {
		add(key)
	}
	for _, f := range strings.Split(dt.SearchFields, ",") {
		add(f)
	}
	return out
}

// searchable are the fieldtypes that text is looked for in.
var searchable = map[string]bool{"Data": true, "Text": true, "Small Text": true, "Long Text": true, "Link": true, "Select": true, "Read Only": true, "Text Editor": true}

// find returns the rows that match, best first. Source: search.py search_widget.
func (s *search) find(ctx context.Context, c *engine.Call, dt *doctype.DocType, a method.Args) ([][]document.Value, error) {
	field := a.Text("searchfield")
	if field != "" && dt.Column(field) == nil {
		return nil, exc.Data.Throwf("Invalid Search Field %s", field)
	}
	if q := a.Text("query"); q != "" {
		return s.custom(ctx, c, q, a)
	}
	txt := strings.TrimSpace(a.Text("txt"))
	r, err := searchRequest(ctx, c, dt, a, txt)
	if err != nil {
		return nil, err
	}
	length := defaultLength(c)
	if n := a.Int("page_length"); n > 0 {
		length = n
	}
	columns := searchColumns(dt, field)
	if dt.ShowTitleInLink && dt.TitleField != "" && dt.Column(dt.TitleField) != nil {
		columns = append([]string{"name", dt.TitleField}, columns[1:]...)
	}
	rows, err := bestRows(ctx, c, r, columns, txt, a.Int("start"), length)
	if err != nil {
		return nil, err
	}
	sort.SliceStable(rows, func(i, j int) bool {
		a, b := document.ToText(rows[i][0]), document.ToText(rows[j][0])
		if pa, pb := hasPrefixFold(a, txt), hasPrefixFold(b, txt); pa != pb {
			return pa
		}
		return a < b
	})
	return rows, nil
}

func hasPrefixFold(s, prefix string) bool {
	return strings.HasPrefix(strings.ToLower(s), strings.ToLower(prefix))
}

// maxRanked is how many matches are ranked by where the text stands in the name.
const maxRanked = 1000

// bestRows asks for the page of rows whose names hold the text earliest. Those that
// start with it are asked for first, so that a large table is not read through.
func bestRows(ctx context.Context, c *engine.Call, r query.Request, columns []string, txt string, start, length int64) ([][]document.Value, error) {
	r.Fields, r.AsList = document.Texts(distinct(columns)), true
	at := positions(columns)
	if txt == "" || start > 0 {
		r.Start, r.Limit = start, length
		return listRows(ctx, c, r, at)
	}
	first := r
	first.OrFilters, first.Limit = document.ListOf(condition(r.DocType.Name, "name", "like", document.Text(txt+"%"))), length
	rows, err := listRows(ctx, c, first, at)
	if err != nil || int64(len(rows)) >= length {
		return rows, err
	}
	r.Limit = maxRanked
	if rows, err = listRows(ctx, c, r, at); err != nil {
		return nil, err
	}
	needle := strings.ToLower(strings.NewReplacer("%", "", "@", "").Replace(txt))
	rank := func(row []document.Value) int {
		i := strings.Index(strings.ToLower(document.ToText(row[0])), needle)
		if i < 0 {
			return maxRanked
		}
		return i
	}
	sort.SliceStable(rows, func(i, j int) bool { return rank(rows[i]) < rank(rows[j]) })
	if int64(len(rows)) > length {
		rows = rows[:length]
	}
	return rows, nil
}

func distinct(columns []string) []string {
	var out []string
	seen := map[string]bool{}
	for _, f := range columns {
		if !seen[f] {
			seen[f] = true
			out = append(out, f)
		}
	}
	return out
}

// positions maps the wanted columns to the distinct ones.
func positions(columns []string) []int {
	index := map[string]int{}
	out := make([]int, len(columns))
	for i, f := range columns {
		if _, ok := index[f]; !ok {
			index[f] = len(index)
		}
		out[i] = index[f]
	}
	return out
}

func listRows(ctx context.Context, c *engine.Call, r query.Request, at []int) ([][]document.Value, error) {
	res, err := c.List(ctx, r)
	if err != nil {
		return nil, err
	}
	v, err := document.ParseJSON(string(res.JSON))
	if err != nil {
		return nil, err
	}
	out := make([][]document.Value, len(v.List()))
	for i, row := range v.List() {
		cells := row.List()
		out[i] = make([]document.Value, 0, len(at))
		for _, j := range at {
			if j < len(cells) {
				out[i] = append(out[i], cells[j])
			}
		}
	}
	return out, nil
}

func condition(dt, field, op string, v document.Value) document.Value {
	return document.ListOf(document.Text(dt), document.Text(field), document.Text(op), v)
}

// defaultLength is how many rows a search shows that names no length.
func defaultLength(c *engine.Call) int64 {
	if quirk.Of(c.Profile).SearchTopLevel {
		return 20
	}
	return 10
}

// custom runs a query method of an app.
func (s *search) custom(ctx context.Context, c *engine.Call, name string, a method.Args) ([][]document.Value, error) {
	m, ok := s.methods.Lookup(name)
	if !ok {
		return nil, exc.Validation.Throw("Method not found")
	}
	form, field, length := c.Form, a.Text("searchfield"), a.Int("page_length")
	if field == "" {
		field = "name"
	}
	if length <= 0 {
		length = defaultLength(c)
	}
	defer func() { c.Form = form }()
	c.Form = document.NewObject("doctype", a.Get("doctype"), "txt", a.Get("txt"), "searchfield", field, "start", a.Get("start"),
		"page_len", length, "filters", a.Get("filters"))
	result, err := s.methods.Run(ctx, c, m)
	if err != nil {
		return nil, err
	}
	v := document.From(result)
	if j, ok := result.(engine.JSON); ok {
		if v, err = document.ParseJSON(string(j)); err != nil {
			return nil, err
		}
	}
	var out [][]document.Value
	for _, row := range v.List() {
		if cells := row.List(); len(cells) > 0 {
			out = append(out, cells)
		}
	}
	return out, nil
}

func linkTitle(ctx context.Context, c *engine.Call, a method.Args) (any, error) {
	dt, err := c.DocType(ctx, a.Text("doctype"))
	if err != nil {
		return nil, err
	}
	if !dt.ShowTitleInLink || dt.TitleField == "" {
		return a.Text("docname"), nil
	}
	d, err := c.GetVisible(ctx, dt.Name, a.Text("docname"))
	if err != nil {
		return nil, err
	}
	if err := c.CheckPermission(ctx, d, doctype.Read); err != nil {
		return nil, err
	}
	if d, err = c.Answer(ctx, d); err != nil {
		return nil, err
	}
	return d.Get(dt.TitleField), nil
}
