package httpapi

import (
	"context"
	"strings"

	"freddo/document"
	"freddo/exc"
	"freddo/internal/engine"
	"freddo/internal/query"
)

// The arguments that lists have beyond upstream (docs/lists.md). None changes an answer
// in which it does not appear.
const (
	argInclude = "include" // children, count: comma separated
	argAfter   = "after"   // a cursor, or empty for the first page
	argExpand  = "expand"  // Link fields: a JSON list, or comma separated
)

// runList answers a list. r is what upstream's arguments ask for.
func (x *exchange) runList(ctx context.Context, rules *query.Rules, r query.Request) (any, error) {
	f := x.c.Form
	count := false
	for _, word := range words(f.Get(argInclude)) {
		switch word {
		case "children":
			r.Extras.Children = true
		case "count":
			count = true
		default:
			return nil, exc.Validation.Throwf("include knows children and count, not %s", word)
		}
	}
	paged := f.Has(argAfter)
	if paged {
		if r.Limit <= 0 {
			return nil, exc.Validation.Throw("after needs a page length")
		}
		r.Extras.Cursor, r.Extras.After = true, f.Str(argAfter)
		if !r.Lookahead {
			r.Lookahead, r.Limit = true, r.Limit+1
		}
	}
	l := engine.Listing{Last: !count}
	if x.p.Expand {
		l.Expand = words(f.Get(argExpand))
	}
	res, err := x.c.StreamBy(ctx, rules, r, l)
	if err != nil {
		return nil, err
	}
	if paged {
		next := document.NullValue
		if res.Next != "" {
			next = document.Text(res.Next)
		}
		x.c.Response.Keys.Set("next_cursor", next)
	}
	if count {
		if err := x.countAll(ctx, rules, r); err != nil {
			return nil, err
		}
	}
	if rules == x.c.RawRules {
		x.c.Response.Keys.Set("has_next_page", document.BoolOf(res.More))
	}
	x.debug()
	return engine.JSON(res.JSON), nil
}

// countAll adds the number of rows that the list has on all its pages.
func (x *exchange) countAll(ctx context.Context, rules *query.Rules, r query.Request) error {
	r.Start, r.Limit, r.Lookahead, r.Extras = 0, -1, false, query.Extras{}
	r.Count = query.CountPage
	n, err := x.c.Count(ctx, rules, r)
	if err != nil {
		return err
	}
	x.c.Response.Keys.Set("count", document.IntOf(n))
	return nil
}

// words reads a list of words: JSON or separated by commas.
func words(v document.Value) []string {
	if v.Kind() == document.String && strings.HasPrefix(v.Str(), "[") {
		if parsed, err := document.ParseJSON(v.Str()); err == nil {
			v = parsed
		}
	}
	var out []string
	if v.Kind() == document.List {
		for _, item := range v.List() {
			out = append(out, item.Str())
		}
		return out
	}
	for _, s := range strings.Split(v.Str(), ",") {
		if s = strings.TrimSpace(s); s != "" {
			out = append(out, s)
		}
	}
	return out
}
