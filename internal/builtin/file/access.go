package file

import (
	"context"
	"sync"

	"freddo/doctype"
	"freddo/document"
	"freddo/exc"
	"freddo/internal/builtin/core"
	"freddo/internal/builtin/quirk"
	"freddo/internal/engine"
	"freddo/internal/perm"
	"freddo/internal/query"
)

// access decides who may use a File: everybody reads public ones, the owner everything,
// and who may read or write the document that it hangs on. Source: file.py
// has_permission, get_permission_query_conditions.
type access struct {
	mu       sync.Mutex
	metaGen  int64
	permGen  int64
	readable map[string][]document.Value
}

func (a *access) may(ctx context.Context, c *engine.Call, d *document.Document, right doctype.Right) (bool, error) {
	return may(ctx, c, d, right)
}

type depthKey struct{}

// maxDepth bounds Files that hang on Files.
const maxDepth = 8

func may(ctx context.Context, c *engine.Call, d *document.Document, right doctype.Right) (bool, error) {
	if c.User == perm.Administrator {
		return true, nil
	}
	if right == doctype.Create && !quirk.Of(c.Profile).AnyFileOfURL {
		return true, nil // the roles decide
	}
	reads := right == doctype.Read || right == doctype.Select
	if d.Int("is_private") == 0 && reads {
		return true, nil
	}
	if c.User != perm.Guest && d.Owner() == c.User {
		return true, nil
	}
	dt, name, ok := attachment(d)
	depth, _ := ctx.Value(depthKey{}).(int)
	if !ok || depth >= maxDepth {
		return false, nil
	}
	ref, err := c.Get(ctx, dt, name)
	if exc.Is(err, exc.DoesNotExist) || exc.Is(err, exc.ImportErr) {
		return false, nil
	}
	if err != nil {
		return false, err
	}
	need := doctype.Read
	if right == doctype.Write || right == doctype.Create || right == doctype.Delete {
		need = doctype.Write
	}
	return c.HasPermission(context.WithValue(ctx, depthKey{}, depth+1), dt, need, ref)
}

// condition narrows lists: those without the desk see their own files, others public
// ones, their own that hang on nothing, and those on DocTypes that they read.
func (a *access) condition(ctx context.Context, c *engine.Call) (*query.Node, error) {
	if c.User == perm.Administrator {
		return nil, nil
	}
	me, err := c.Me(ctx)
	if err != nil {
		return nil, err
	}
	dt, err := c.DocType(ctx, "File")
	if err != nil {
		return nil, err
	}
	own := query.Eq(query.F(dt, "owner"), document.Text(me.Name))
	if quirk.Of(c.Profile).FilesByUserType && !me.IsSystem() || !quirk.Of(c.Profile).FilesByUserType && !me.Has(perm.RoleDeskUser) {
		return own, nil
	}
	readable, err := a.doctypes(ctx, c, me)
	if err != nil {
		return nil, err
	}
	to := query.F(dt, "attached_to_doctype")
	return query.Or(query.Eq(query.F(dt, "is_private"), document.IntOf(0)), query.And(query.IsNull(to), own), query.In(to, readable...)), nil
}

// maxCached bounds the users whose readable DocTypes are remembered.
const maxCached = 1000

// doctypes are the DocTypes that a user reads by role, remembered until a DocType or a
// right changes.
func (a *access) doctypes(ctx context.Context, c *engine.Call, me *perm.User) ([]document.Value, error) {
	metaGen, permGen := c.Meta.Generation(), c.Perm.Generation()
	a.mu.Lock()
	if a.readable == nil || a.metaGen != metaGen || a.permGen != permGen || len(a.readable) > maxCached {
		a.readable, a.metaGen, a.permGen = map[string][]document.Value{}, metaGen, permGen
	}
	list, ok := a.readable[me.Name]
	a.mu.Unlock()
	if ok {
		return list, nil
	}
	list, err := core.ReadableDocTypes(ctx, c)
	if err != nil || c.Tx.Writing() { // what is not committed yet is not remembered
		return list, err
	}
	a.mu.Lock()
	if a.metaGen == metaGen && a.permGen == permGen {
		a.readable[me.Name] = list
	}
	a.mu.Unlock()
	return list, nil
}

// findByURL returns a File of a URL that the call's user may read, or nil. fid, when not
// empty, is its name. Source: file/utils.py find_file_by_url.
func findByURL(ctx context.Context, c *engine.Call, u, fid string) (*document.Document, error) {
	filters := document.NewObject("file_url", u)
	if fid != "" {
		filters.Set("name", document.Text(fid))
	}
	rows, err := c.Rows(ctx, "File", fileFields, filters, "")
	if err != nil {
		return nil, err
	}
	dt, err := c.DocType(ctx, "File")
	if err != nil {
		return nil, err
	}
	for _, r := range rows {
		d := document.New(dt)
		for i := range r.Len() {
			k, v := r.At(i)
			d.Set(k, v)
		}
		ok, err := may(ctx, c, d, doctype.Read)
		if err != nil {
			return nil, err
		}
		if ok {
			return d, nil
		}
	}
	return nil, nil
}

// fileFields are what deciding on a File, and sending it, need.
var fileFields = []string{"name", "owner", "file_name", "file_url", "is_private", "is_folder", "attached_to_doctype", "attached_to_name"}
