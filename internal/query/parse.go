package query

import (
	"context"
	"time"

	"freddo/doctype"
	"freddo/document"
	"freddo/exc"
)

// Limits on one query.
const (
	maxFields     = 500
	maxConditions = 1000
	// maxMembers bounds all values of in lists together: SQLite binds at most 32766.
	maxMembers = 30_000
	maxNesting = 20
	maxJoins   = 50
)

// Env is what Parse asks of the call that it works for.
type Env interface {
	// DocType returns a DocType. Errors: DoesNotExist for an unknown name.
	DocType(ctx context.Context, name string) (*doctype.DocType, error)
	// CheckList refuses a list of dt to a user who may neither read nor select it, with
	// the messages of v14, v15 and v16's v1.
	CheckList(ctx context.Context, dt *doctype.DocType) error
	// CanRead reports whether the user may read or select a DocType at all; log says to
	// put the reason of a refusal into the message log.
	CanRead(ctx context.Context, dt *doctype.DocType, log bool) (bool, error)
	// SelectOnly reports that the user may select dt but not read it.
	SelectOnly(ctx context.Context, dt *doctype.DocType) (bool, error)
	// ReadableLevels are the permlevels at which the user may read fields of dt; all
	// means every one. parent is the DocType whose permissions rule a child table.
	ReadableLevels(ctx context.Context, dt *doctype.DocType, parent string) (levels map[int]bool, all bool, err error)
	// TreeBounds are lft and rgt of a document of a tree, found without permission
	// checks; ok is false when it does not exist.
	TreeBounds(ctx context.Context, dt *doctype.DocType, name document.Value) (lft, rgt int64, ok bool, err error)
	// TreeNames are the documents inside the bounds (ancestors: around them), by lft.
	TreeNames(ctx context.Context, dt *doctype.DocType, ancestors bool, lft, rgt int64) ([]string, error)
	// Now is the present in site time.
	Now() time.Time
	// FirstDayOfWeek is 0 for Sunday.
	FirstDayOfWeek(ctx context.Context) (int, error)
	// ApplyPermlevel is v14's setting apply_perm_level_on_api_calls.
	ApplyPermlevel(ctx context.Context) (bool, error)
}

// Request is one list as it was asked for. The zero values are those of arguments
// that were not given; texts of JSON are parsed here.
type Request struct {
	DocType *doctype.DocType
	// Fields, Filters and OrFilters are JSON values, or texts as a client sends them.
	Fields, Filters, OrFilters document.Value
	GroupBy                    string
	// OrderBy: Missing gives the DocType's own order, null or "" no order of the client's
	// (REST: an argument that is not given), else the order's text.
	OrderBy document.Value
	// Start and Limit are the page; a negative Limit means all rows.
	Start, Limit int64
	// Lookahead reads one row beyond the page, which Limit counts already, to tell
	// whether there are more; there a Limit of 0 means all rows but the last.
	Lookahead bool
	Distinct  bool
	AsList    bool
	// Pluck is a field whose values are the rows.
	Pluck string
	// Parent is the DocType that holds the rows of a child table.
	Parent string
	// Extras are what lists do here beyond upstream.
	Extras Extras
	// Aggregate adds reportview's _aggregate_column.
	Aggregate *Aggregate
	// CommentCount adds _comment_count to rows.
	CommentCount bool
	// FromRequest runs upstream's check of a client's arguments (validate_args): REST,
	// frappe.client and reportview do, code does not.
	FromRequest bool
	// IgnorePermissions leaves out every permission check (frappe.get_all, db.count).
	IgnorePermissions bool
	// IgnoreUserPermissions leaves out User Permissions, and nothing else.
	IgnoreUserPermissions bool
	// UpstreamLevels holds levels no better than upstream does: conditions, orders and
	// groups may use fields above the user's, and where a setting decides (v14) it does.
	UpstreamLevels bool
	// Count makes the query a count.
	Count CountMode
	// Virtual lets the DocType be virtual: the query is checked, and not made into SQL.
	Virtual bool
}

// Aggregate is reportview's aggregate_function and its field.
type Aggregate struct{ Function, DocType, Field string }

// Parse checks a request and returns its query, to which the caller still adds the
// user's match conditions (Select.And). A virtual DocType has no table: ask before.
// Errors: *exc.Error of the class and text that upstream raises; where upstream lets
// the database fail, DataError with a text that tells what is wrong.
// Source: frappe/desk/reportview.py validate_args, frappe/model/db_query.py
// DatabaseQuery.execute, frappe/database/query.py Engine.get_query.
func Parse(ctx context.Context, env Env, rules *Rules, r Request) (*Select, error) {
	p := &parser{env: env, rules: rules, req: &r, dt: r.DocType,
		q: &Select{DocType: r.DocType, Limit: r.Limit, Offset: r.Start, Distinct: r.Distinct, AsList: r.AsList,
			Pluck: r.Pluck != "", Lookahead: r.Lookahead, Count: r.Count, CommentCount: r.CommentCount}}
	if r.Start < 0 || r.Limit < -1 || r.Lookahead && r.Limit < 0 {
		return nil, exc.TypeErr.Throw("Limit must be a non-negative integer")
	}
	if r.Lookahead && r.Limit == 0 {
		p.q.Limit = -1
	}
	if err := p.decode(); err != nil {
		return nil, err
	}
	steps := p.legacySteps()
	if rules.Engine {
		steps = p.engineSteps()
	}
	for _, step := range steps {
		if err := step(ctx); err != nil {
			return nil, err
		}
	}
	return p.q, nil
}

type step = func(ctx context.Context) error

// legacySteps are in the order in which upstream's errors appear.
func (p *parser) legacySteps() []step {
	return []step{p.checkParent, p.swap, p.validateFields, p.validateFilters, p.checkAccess,
		p.legacyFields, p.legacyFilters, p.removeFields, p.legacyGroup, p.legacyOrder, p.checkLevels, p.extras}
}

func (p *parser) engineSteps() []step {
	return []step{p.validateEngine, p.checkAccess, p.engineFields, p.engineFilters, p.engineGroup, p.engineOrder, p.extras}
}

// parser is one run of Parse.
type parser struct {
	env   Env
	rules *Rules
	req   *Request
	dt    *doctype.DocType
	q     *Select
	// fields, filters and orFilters are the decoded arguments.
	fields, filters, orFilters document.Value
	// dropped says that a field was left out because it has no column.
	dropped bool
	// access is what the user may see, by DocType.
	access map[string]*access
	// conditions and members count filters and their list values against the limits.
	conditions, members int
}

// decode parses arguments that came as JSON text.
// Source: frappe/desk/reportview.py parse_json.
func (p *parser) decode() error {
	p.fields, p.filters, p.orFilters = p.req.Fields, p.req.Filters, p.req.OrFilters
	if p.rules.Engine && !p.req.FromRequest {
		return nil // the engine reads text itself: names and comma lists
	}
	if p.fields.Kind() == document.String && p.fields.Str() != "" {
		if p.fields.Str() == "*" {
			p.fields = document.ListOf(document.Text("*"))
		} else if err := decodeJSON(&p.fields); err != nil && p.req.FromRequest {
			return err
		} else if err != nil {
			p.fields = splitFields(p.fields.Str())
		}
	}
	for _, v := range []*document.Value{&p.filters, &p.orFilters} {
		if v.Kind() != document.String {
			continue
		}
		if v.Str() == "" {
			*v = document.NullValue
		} else if err := decodeJSON(v); err != nil {
			return err
		}
	}
	return nil
}

// decodeJSON replaces a text by the value it holds.
func decodeJSON(v *document.Value) error {
	got, err := document.ParseJSON(v.Str())
	if err != nil {
		return exc.JSONDecode.New(err.Error())
	}
	*v = got
	return nil
}

// splitFields reads a comma list, which code may pass.
// Source: frappe/model/db_query.py parse_args.
func splitFields(s string) document.Value {
	var out []document.Value
	depth, from := 0, 0
	for i, c := range s {
		switch {
		case c == '(':
			depth++
		case c == ')':
			depth--
		case c == ',' && depth == 0:
			out = append(out, document.Text(s[from:i]))
			from = i + 1
		}
	}
	return document.ListOf(append(out, document.Text(s[from:]))...)
}

// swap exchanges fields and filters that were given in each other's place.
// Source: frappe/model/db_query.py DatabaseQuery.execute.
func (p *parser) swap(context.Context) error {
	f := p.fields
	list := f.List()
	if f.Kind() == document.Map || len(list) > 0 && list[0].Kind() == document.List {
		p.fields, p.filters = p.filters, p.fields
	} else if fl := p.filters.List(); f.Truthy() && len(fl) > 1 && fl[0].Kind() == document.String && !p.req.FromRequest {
		p.fields, p.filters = p.filters, p.fields
	}
	return nil
}

// checkParent lets a child table be listed only through a parent that the user may
// read. Source: frappe/client.py check_parent_permission.
func (p *parser) checkParent(ctx context.Context) error {
	if !p.dt.IsTable || p.req.IgnorePermissions {
		return nil
	}
	if p.req.Parent == "" {
		return exc.Permission.New("")
	}
	parent, err := p.env.DocType(ctx, p.req.Parent)
	if err != nil {
		if exc.Is(err, exc.DoesNotExist) {
			return exc.Permission.New("")
		}
		return err
	}
	if !holds(parent, p.dt.Name) {
		return exc.Permission.New("")
	}
	ok, err := p.env.CanRead(ctx, parent, true)
	if err == nil && !ok {
		return exc.Permission.New("")
	}
	return err
}

// holds reports whether a DocType has a field whose options are child.
func holds(dt *doctype.DocType, child string) bool {
	for _, f := range dt.Fields {
		if f.Options == child {
			return true
		}
	}
	return false
}

// checkAccess refuses users without any access, and DocTypes without a table.
func (p *parser) checkAccess(ctx context.Context) error {
	if !p.req.IgnorePermissions {
		if err := p.checkUser(ctx); err != nil {
			return err
		}
	}
	if p.dt.IsSingle || p.dt.IsVirtual && !p.req.Virtual {
		return exc.Data.Throwf("%s has no table to list", bold(p.dt.Name))
	}
	return nil
}

func (p *parser) checkUser(ctx context.Context) error {
	if !p.rules.Engine {
		if p.dt.IsTable {
			return nil // checkParent did
		}
		return p.env.CheckList(ctx, p.dt)
	}
	if p.dt.IsTable {
		return p.joinParent(ctx)
	}
	ok, err := p.env.CanRead(ctx, p.dt, false)
	if err == nil && !ok {
		return insufficient(p.dt.Name)
	}
	return err
}

func insufficient(dt string) error {
	return exc.Permission.Throwf("Insufficient Permission for %s", bold(dt))
}

// joinParent lists a child table with its parents, whose conditions then apply.
// Source: frappe/database/query.py add_permission_conditions.
func (p *parser) joinParent(ctx context.Context) error {
	if p.req.Parent == "" || p.rules.Dev {
		return insufficient(p.dt.Name)
	}
	parent, err := p.env.DocType(ctx, p.req.Parent)
	if err != nil {
		return err
	}
	ok, err := p.env.CanRead(ctx, parent, false)
	if err != nil {
		return err
	}
	if !ok || !holds(parent, p.dt.Name) {
		return insufficient(p.dt.Name)
	}
	if !parent.IsSingle {
		p.q.Joins = append(p.q.Joins, Join{Kind: ParentJoin, DocType: parent, Alias: "tab" + parent.Name})
	}
	return nil
}

// bold is how messages print names. Source: frappe/utils/messages.py bold.
func bold(s string) string { return "<strong>" + s + "</strong>" }

// refused is the answer where upstream lets the database fail: the client's mistake
// in words.
func refused(format string, args ...any) error { return exc.Data.Throwf(format, args...) }

// child returns the DocType of a table field.
func (p *parser) child(ctx context.Context, f *doctype.DocField) (*doctype.DocType, error) {
	return p.env.DocType(ctx, f.Options)
}

func isTable(f *doctype.DocField) bool { return f != nil && f.Type.Class == doctype.TableClass }

func isLink(f *doctype.DocField) bool { return f != nil && f.Fieldtype == "Link" }
