package engine

import (
	"context"
	"errors"
	"fmt"

	"freddo/doctype"
	"freddo/document"
	"freddo/exc"
	"freddo/internal/meta"
	"freddo/internal/perm"
	"freddo/internal/storage"
)

// DocType returns a compiled DocType. Errors: DoesNotExistError "DocType X not
// found". Source: frappe/model/meta.py get_meta.
func (c *Call) DocType(ctx context.Context, name string) (*doctype.DocType, error) {
	dt, err := c.lookup(ctx, name)
	if errors.Is(err, meta.ErrUnknown) {
		return nil, exc.DoesNotExist.Throwf("DocType %s not found", name).About("DocType", name)
	}
	return dt, err
}

// Controller is DocType for the paths that load or create a document: there
// upstream looks for the controller first and fails with an ImportError.
// Source: frappe/model/base_document.py get_controller.
func (c *Call) Controller(ctx context.Context, name string) (*doctype.DocType, error) {
	dt, err := c.lookup(ctx, name)
	if errors.Is(err, meta.ErrUnknown) {
		module := doctype.Scrub(name)
		e := exc.ImportErr.New(fmt.Sprintf("Module import failed for %s, the DocType you're trying to open might be deleted.\nError: No module named 'frappe.core.doctype.%s'", name, module))
		return nil, e.About("DocType", name)
	}
	return dt, err
}

func (c *Call) lookup(ctx context.Context, name string) (*doctype.DocType, error) {
	if dt := c.memo.doctypes[name]; dt != nil {
		return dt, nil
	}
	if !c.memo.dirty[name] && !c.memo.dirty[""] {
		return c.Meta.Get(ctx, c.Tx, c.metaGen, name)
	}
	if c.Meta.IsFixed(name) {
		return c.Meta.Base(name)
	}
	dt, err := c.Meta.Load(ctx, c.Tx, name)
	if err != nil {
		return nil, err
	}
	if c.memo.doctypes == nil {
		c.memo.doctypes = map[string]*doctype.DocType{}
	}
	c.memo.doctypes[name] = dt
	return dt, nil
}

// resolver makes the call a document.Resolver.
func (c *Call) resolver(ctx context.Context) document.Resolver {
	return func(name string) (*doctype.DocType, error) { return c.DocType(ctx, name) }
}

// ClearMeta makes the call see a changed DocType at once, and everybody else after
// the commit. An empty name stands for all DocTypes.
func (c *Call) ClearMeta(name string) {
	if c.memo.dirty == nil {
		c.memo.dirty = map[string]bool{}
	}
	c.memo.dirty[name] = true
	if name == "" {
		c.memo.doctypes = nil
	} else {
		delete(c.memo.doctypes, name)
	}
	c.Announce(TopicMeta)
	c.AfterCommit(func(context.Context) { c.Meta.Invalidate(name) })
}

// ClearUser makes roles and User Permissions of a user be read anew; an empty name
// stands for all users.
func (c *Call) ClearUser(name string) {
	c.memo.users, c.memo.usersDirty = nil, true
	c.Announce(TopicUsers)
	c.AfterCommit(func(context.Context) { c.Perm.Invalidate(name) })
}

// SyncTable creates or alters the table of a DocType to match it. Errors: *storage.Unfit
// when a value is in the way.
func (c *Call) SyncTable(ctx context.Context, dt *doctype.DocType) error {
	return c.syncTable(ctx, dt, c.SchemaOptions())
}

// bringTable is SyncTable for migrations, which go on: a column with a value that its
// field's type would not hold keeps its type, and the log tells.
func (c *Call) bringTable(ctx context.Context, dt *doctype.DocType) error {
	o := c.SchemaOptions()
	o.KeepUnfit = true
	return c.syncTable(ctx, dt, o)
}

func (c *Call) syncTable(ctx context.Context, dt *doctype.DocType, o storage.SchemaOptions) error {
	if dt.IsSingle || dt.IsVirtual {
		return nil
	}
	res, err := c.Tx.SyncTable(ctx, dt, o)
	if c.Log == nil {
		return err
	}
	for _, u := range res.Unfit {
		c.Log.WarnContext(ctx, "a column keeps its type: a stored value does not fit the field's", "doctype", dt.Name, "field", u.Column,
			"fieldtype", fieldtypeOf(dt, u.Column), "document", u.Row, "value", u.Value)
	}
	return err
}

func fieldtypeOf(dt *doctype.DocType, column string) string {
	if f := dt.Field(column); f != nil {
		return f.Fieldtype
	}
	return ""
}

// SchemaOptions are the release's indexes.
func (e *Engine) SchemaOptions() storage.SchemaOptions {
	return storage.SchemaOptions{IndexModified: e.Profile.IndexModified, IndexCreation: e.Profile.IndexCreation,
		// Source: file.py on_doctype_update; the hash is looked up with every upload.
		More: map[string][]string{"File": {"attached_to_name", "content_hash", "file_url", "folder"}}}
}

// UserInfo returns what is known of a user: roles, type, User Permissions.
func (c *Call) UserInfo(ctx context.Context, name string) (*perm.User, error) {
	if u := c.memo.users[name]; u != nil {
		return u, nil
	}
	u, err := c.Perm.User(ctx, c.Tx, c.permGen, name, c.memo.usersDirty, c.below)
	if err != nil {
		return nil, err
	}
	if c.memo.users == nil {
		c.memo.users = map[string]*perm.User{}
	}
	c.memo.users[name] = u
	return u, nil
}

// Me is the call's user.
func (c *Call) Me(ctx context.Context) (*perm.User, error) { return c.UserInfo(ctx, c.User) }

// Roles returns the roles of the call's user.
func (c *Call) Roles(ctx context.Context) ([]string, error) {
	u, err := c.Me(ctx)
	if err != nil {
		return nil, err
	}
	return u.Roles, nil
}

// OnlyFor refuses everyone but Administrator and the holders of one of the roles.
// Source: frappe/__init__.py only_for.
func (c *Call) OnlyFor(ctx context.Context, roles ...string) error {
	if c.User == perm.Administrator {
		return nil
	}
	u, err := c.Me(ctx)
	if err != nil {
		return err
	}
	for _, r := range roles {
		if u.Has(r) {
			return nil
		}
	}
	return exc.Permission.New("")
}

// Value returns one column of a stored document; Missing when there is none.
func (c *Call) Value(ctx context.Context, dtName, name, field string) (document.Value, error) {
	dt, err := c.DocType(ctx, dtName)
	if err != nil {
		return document.Value{}, err
	}
	if dt.IsSingle {
		d, err := c.single(ctx, dt)
		if err != nil {
			return document.Value{}, err
		}
		return d.Get(field), nil
	}
	if dt.IsVirtual {
		d, err := c.loadVirtual(ctx, dt, name)
		if exc.Is(err, exc.DoesNotExist) {
			return document.Value{}, nil
		}
		if err != nil {
			return document.Value{}, err
		}
		return d.Get(field), nil
	}
	col := dt.Column(field)
	if col == nil || !col.Stored {
		return document.Value{}, exc.Data.Errorf("unknown column %s of %s", field, dtName)
	}
	b := storage.NewBuilder(c.Tx.Dialect()).SQL("SELECT ").Ident(field).SQL(" FROM ").Table(dtName).SQL(" WHERE ").Ident("name").SQL(" = ").Arg(document.Text(name))
	rows, err := c.Tx.Query(ctx, b)
	if err != nil {
		return document.Value{}, err
	}
	defer rows.Close()
	if rows.Next() {
		return rows.Raw(0).Value(col.Type.Class), rows.Err()
	}
	return document.Value{}, rows.Err()
}

// SetValue writes one column of a stored document without touching modified
// (upstream: db_set with update_modified=False). It asks nobody's right: it is for
// documents and fields that code chose and judged. Where a client named them it is
// WriteField or Note. Errors: DataError for what does not fit the column.
func (c *Call) SetValue(ctx context.Context, dtName, name, field string, v document.Value) error {
	dt, err := c.DocType(ctx, dtName)
	if err != nil {
		return err
	}
	if dt.IsSingle {
		c.singleChanged(dt.Name)
	}
	err = c.Tx.SetColumns(ctx, dt, document.Text(name), []string{field}, []document.Value{v})
	var se *storage.Error
	if errors.As(err, &se) && se.Kind == storage.BadValue {
		return exc.Data.Wrap(err, fmt.Sprintf("(1366, \"Incorrect value for column '%s'\")", se.Column))
	}
	return err
}

// singleChanged makes everybody read a Single anew.
func (c *Call) singleChanged(name string) {
	delete(c.memo.singles, name)
	c.ClearMeta(name)
}

// Exists returns the stored spelling of a document's name.
func (c *Call) Exists(ctx context.Context, dtName, name string) (string, bool, error) {
	dt, err := c.DocType(ctx, dtName)
	if err != nil {
		return "", false, err
	}
	if dt.IsSingle {
		return dt.Name, true, nil
	}
	if dt.IsVirtual {
		d, err := c.loadVirtual(ctx, dt, name)
		if exc.Is(err, exc.DoesNotExist) {
			return "", false, nil
		}
		if err != nil {
			return "", false, err
		}
		return d.Name(), true, nil
	}
	stored, ok, err := c.Tx.Exists(ctx, dt, document.Text(name))
	return document.ToText(stored), ok, err
}

type settingsKey struct{}

// errNotStored keeps the defaults of a Single that was never saved out of the cache.
var errNotStored = errors.New("single was never saved")

// Setting returns a field of a Single, from a cache that every write of the Single
// drops.
func (c *Call) Setting(ctx context.Context, single, field string) (document.Value, error) {
	v, err := c.Derive(ctx, single, settingsKey{}, func() (any, error) {
		dt, err := c.DocType(ctx, single)
		if err != nil {
			return nil, err
		}
		d, found, err := c.Tx.LoadSingle(ctx, dt)
		if err == nil && !found {
			return nil, errNotStored
		}
		return d, err
	})
	if err == nil {
		return v.(*document.Document).Get(field), nil
	}
	if !errors.Is(err, errNotStored) {
		return document.Value{}, err
	}
	d := c.memo.singles[single]
	if d == nil {
		dt, err := c.DocType(ctx, single)
		if err != nil {
			return document.Value{}, err
		}
		if d, err = c.single(ctx, dt); err != nil {
			return document.Value{}, err
		}
		if c.memo.singles == nil {
			c.memo.singles = map[string]*document.Document{}
		}
		c.memo.singles[single] = d
	}
	return d.Get(field), nil
}
