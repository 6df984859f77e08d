package engine

import (
	"context"
	"time"

	"freddo/doctype"
	"freddo/document"
	"freddo/exc"
	"freddo/internal/perm"
	"freddo/internal/query"
	"freddo/internal/storage"
)

// ListResult is a list in the release's body format.
type ListResult struct {
	// JSON is the array of rows.
	JSON []byte
	// N is the number of rows in it.
	N int
	// More tells whether more rows follow, when the request looked ahead.
	More bool
	// Next is the cursor of the next page, "" when there is none.
	Next string
}

// List returns the rows of a request that the call's user may see. Errors: DataError
// for fields that are none, PermissionError, DoesNotExistError.
// Source: frappe/client.py get_list, frappe/model/db_query.py execute.
func (c *Call) List(ctx context.Context, r query.Request) (ListResult, error) {
	return c.ListBy(ctx, c.Rules, r)
}

// ListBy is List by other rules than the release's usual ones.
func (c *Call) ListBy(ctx context.Context, rules *query.Rules, r query.Request) (ListResult, error) {
	return c.list(ctx, rules, r, Listing{}, nil)
}

// Listing is what an endpoint says of a list beside its request.
type Listing struct {
	// Expand names Link fields whose values become documents.
	Expand []string
	// Last says that the call reads nothing from the database after the list, which
	// spares the database a transaction.
	Last bool
}

// StreamBy is ListBy for an endpoint whose result is the list and nothing else: where
// the call can stream (Call.Stream), a long list is on its way to the client before it
// is complete, and the result's JSON is the rest of it.
func (c *Call) StreamBy(ctx context.Context, rules *query.Rules, r query.Request, l Listing) (ListResult, error) {
	return c.list(ctx, rules, r, l, c.Stream)
}

func (c *Call) list(ctx context.Context, rules *query.Rules, r query.Request, l Listing, sink storage.Sink) (ListResult, error) {
	keeper := c.virtualKeeper(r.DocType)
	r.Virtual = keeper != nil
	q, err := c.Select(ctx, rules, r)
	if err != nil {
		return ListResult{}, err
	}
	if keeper != nil {
		return c.virtualList(ctx, keeper, r, q)
	}
	if q.Empty {
		return ListResult{JSON: []byte("[]")}, nil
	}
	if err := c.expandLinks(ctx, rules, q, l.Expand); err != nil {
		return ListResult{}, err
	}
	if sink == nil {
		sink = c.weighed(ctx)
	}
	out, n, err := c.Tx.AppendSelect(ctx, make([]byte, 0, 4096), q, storage.ListOptions{Format: c.Profile.Body, Sink: sink, Only: l.Last})
	if err != nil {
		return ListResult{}, err
	}
	res := ListResult{JSON: out, N: n}
	if q.Lookahead && q.More(n) {
		res.More = true
		res.N--
	}
	if res.More && q.Last != nil {
		res.Next = query.EncodeCursor(q.Last)
	}
	return res, nil
}

// listFactor is how many bytes a byte of a list takes that is not streamed: as text, as
// what code makes of it, in the answer.
const listFactor = 4

// weighed is a sink that takes nothing and charges the call for what a list takes.
func (c *Call) weighed(ctx context.Context) storage.Sink {
	if c.Reserve == nil {
		return nil
	}
	charged := 0
	return func(part []byte) ([]byte, error) {
		if n := len(part) - charged; n >= storage.PartSize {
			if err := c.Reserve(ctx, int64(n)*listFactor); err != nil {
				return nil, err
			}
			charged = len(part)
		}
		return part, nil
	}
}

// Select parses a request and narrows it to what the call's user may see.
func (c *Call) Select(ctx context.Context, rules *query.Rules, r query.Request) (*query.Select, error) {
	dt := r.DocType
	if dt.IsSingle {
		return nil, exc.Programming.New("('DocType', '" + dt.Name + "')")
	}
	r.UpstreamLevels = c.UpstreamReads()
	q, err := query.Parse(ctx, &listEnv{c: c}, rules, r)
	if err != nil {
		return nil, err
	}
	if err := c.maskSelect(ctx, q, r); err != nil {
		return nil, err
	}
	if dt.IsVirtual {
		q.Empty = true
	}
	if r.IgnorePermissions {
		return q, nil
	}
	return q, c.narrow(ctx, rules, r, q)
}

// narrow leaves of a list what the call's user may see.
func (c *Call) narrow(ctx context.Context, rules *query.Rules, r query.Request, q *query.Select) error {
	dt := r.DocType
	if !r.UpstreamLevels {
		if err := c.guardTables(ctx, q); err != nil {
			return err
		}
	}
	if rules.NarrowLinks {
		if err := c.narrowLinks(ctx, q); err != nil {
			return err
		}
	}
	if dt.IsTable {
		if r.UpstreamLevels && !rules.RowsFollowParent {
			return nil
		}
		cond, err := c.rowsCondition(ctx, dt, r.Parent)
		q.And(cond)
		return err
	}
	cond, err := c.listCondition(ctx, dt, listScope{anyLink: r.IgnoreUserPermissions})
	q.And(cond)
	return err
}

// Count counts the rows of a request (its Count says which) that the call's user may
// see.
// Source: frappe/desk/reportview.py get_count.
func (c *Call) Count(ctx context.Context, rules *query.Rules, r query.Request) (int64, error) {
	keeper := c.virtualKeeper(r.DocType)
	r.Virtual = keeper != nil
	q, err := c.Select(ctx, rules, r)
	if err != nil {
		return 0, err
	}
	if keeper != nil {
		return keeper.Count(ctx, c, virtualQuery(r))
	}
	if q.Empty {
		return 0, nil
	}
	return c.Tx.Count(ctx, q)
}

// Rows returns rows for code of our own: no permissions, filters by equality or as
// {"field": ["op", value]}, all rows. The objects hold the fields asked for.
func (c *Call) Rows(ctx context.Context, dtName string, fields []string, filters *document.Object, orderBy string) ([]*document.Object, error) {
	dt, err := c.DocType(ctx, dtName)
	if err != nil {
		return nil, err
	}
	r := query.Request{DocType: dt, Fields: document.Texts(fields), OrderBy: document.Text(orderBy), Limit: -1, IgnorePermissions: true}
	if filters != nil {
		r.Filters = document.MapOf(filters)
	}
	q, err := query.Parse(ctx, &listEnv{c: c}, c.Rules, r)
	if err != nil {
		return nil, err
	}
	return c.objects(ctx, q)
}

// VisibleRows returns the rows of a request that the call's user may see, for code.
func (c *Call) VisibleRows(ctx context.Context, r query.Request) ([]*document.Object, error) {
	q, err := c.Select(ctx, c.Rules, r)
	if err != nil || q.Empty {
		return nil, err
	}
	return c.objects(ctx, q)
}

func (c *Call) objects(ctx context.Context, q *query.Select) ([]*document.Object, error) {
	rows, err := c.Tx.List(ctx, q)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	var out []*document.Object
	for rows.Next() {
		o := &document.Object{}
		for i := range q.Columns {
			v := rows.Raw(i).Value(q.Columns[i].Class)
			if f := q.Columns[i].Mask; f != nil {
				v = document.Masked(f, v)
			}
			o.Set(q.Columns[i].Label, v)
		}
		out = append(out, o)
	}
	return out, rows.Err()
}

// listEnv is what the parser asks of a call.
type listEnv struct{ c *Call }

func (e *listEnv) DocType(ctx context.Context, name string) (*doctype.DocType, error) {
	return e.c.DocType(ctx, name)
}

func (e *listEnv) CheckList(ctx context.Context, dt *doctype.DocType) error {
	return e.c.CheckList(ctx, dt)
}

func (e *listEnv) CanRead(ctx context.Context, dt *doctype.DocType, log bool) (bool, error) {
	ok, err := e.c.CanList(ctx, dt)
	if err == nil && !ok && log {
		e.c.Msgprint(exc.Message{Text: e.c.noRole(dt.Name)})
	}
	return ok, err
}

func (e *listEnv) ReadableLevels(ctx context.Context, dt *doctype.DocType, parent string) (map[int]bool, bool, error) {
	if parent != "" && dt.IsTable {
		p, err := e.c.DocType(ctx, parent)
		if err != nil {
			return nil, false, err
		}
		dt = p
	}
	me, err := e.c.Me(ctx)
	if err != nil {
		return nil, false, err
	}
	levels, all := perm.Levels(dt, me, doctype.Read)
	return levels, all, nil
}

func (e *listEnv) SelectOnly(ctx context.Context, dt *doctype.DocType) (bool, error) {
	if dt.IsTable {
		return false, nil
	}
	can, _, err := e.c.evaluate(ctx, dt, doctype.Read, nil)
	if err != nil || can {
		return false, err
	}
	can, _, err = e.c.evaluate(ctx, dt, doctype.Select, nil)
	return can, err
}

func (e *listEnv) Now() time.Time { return e.c.SiteNow() }

func (e *listEnv) FirstDayOfWeek(ctx context.Context) (int, error) {
	v, err := e.c.Setting(ctx, "System Settings", "first_day_of_the_week")
	for i, name := range []string{"Sunday", "Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday"} {
		if document.ToText(v) == name {
			return i, err
		}
	}
	return 0, err
}

func (e *listEnv) ApplyPermlevel(ctx context.Context) (bool, error) {
	v, err := e.c.Setting(ctx, "System Settings", "apply_perm_level_on_api_calls")
	return document.Cint(v) != 0, err
}

// TreeBounds and TreeNames read a nested set.
func (e *listEnv) TreeBounds(ctx context.Context, dt *doctype.DocType, name document.Value) (lft, rgt int64, ok bool, err error) {
	return e.c.Tx.TreeBounds(ctx, dt, name)
}

func (e *listEnv) TreeNames(ctx context.Context, dt *doctype.DocType, ancestors bool, lft, rgt int64) ([]string, error) {
	return e.c.Tx.TreeNames(ctx, dt, ancestors, lft, rgt)
}
