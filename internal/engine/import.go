package engine

import (
	"context"
	"fmt"
	"sort"

	"freddo/doctype"
	"freddo/document"
	"freddo/exc"
	"freddo/internal/perm"
)

// ImportReport tells what an import did.
type ImportReport struct {
	// Imported are the DocTypes now installed, in the order of installation.
	Imported []string
	// Failed maps a DocType to why it was not installed.
	Failed map[string]error
	// Missing lists links to DocTypes that exist nowhere: "DocType.fieldname → target".
	Missing []string
	// Cycles lists DocTypes whose tables lead back to themselves.
	Cycles []string
}

// ImportDocTypes installs DocTypes given as upstream's files have them. Child tables
// come before their parents; cycles and links to missing DocTypes are reported, not
// refused. Each DocType is a transaction of its own: one that fails leaves nothing
// behind and does not stop the others.
// Source: frappe/model/sync.py sync_all, frappe/modules/import_file.py.
func (e *Engine) ImportDocTypes(ctx context.Context, objects []*document.Object, progress Progress) (ImportReport, error) {
	r := ImportReport{Failed: map[string]error{}}
	byName := map[string]*document.Object{}
	for _, o := range objects {
		byName[o.Str("name")] = o
	}
	order := r.order(byName)
	for i, name := range order {
		err := e.Do(ctx, perm.Administrator, func(ctx context.Context, c *Call) error {
			return c.importDocType(ctx, byName[name])
		})
		if err != nil {
			r.Failed[name] = err
		} else {
			r.Imported = append(r.Imported, name)
		}
		progress.step(i+1, len(order), name)
	}
	return r, e.Do(ctx, perm.Administrator, func(ctx context.Context, c *Call) error {
		return r.findMissing(ctx, c, byName)
	})
}

// order sorts DocTypes so that child tables precede what holds them.
func (r *ImportReport) order(byName map[string]*document.Object) []string {
	names := make([]string, 0, len(byName))
	for n := range byName {
		names = append(names, n)
	}
	sort.Strings(names)
	const (
		visiting = 1
		visited  = 2
	)
	state := map[string]int{}
	var out []string
	var visit func(name string)
	visit = func(name string) {
		switch state[name] {
		case visited:
			return
		case visiting:
			r.Cycles = append(r.Cycles, name)
			return
		}
		state[name] = visiting
		for _, f := range byName[name].Get("fields").List() {
			m := f.Map()
			if m == nil || m.Str("fieldtype") != "Table" && m.Str("fieldtype") != "Table MultiSelect" {
				continue
			}
			if target := m.Str("options"); byName[target] != nil && target != name {
				visit(target)
			}
		}
		state[name] = visited
		out = append(out, name)
	}
	for _, n := range names {
		visit(n)
	}
	return out
}

func (c *Call) importDocType(ctx context.Context, o *document.Object) error {
	if c.Meta.IsBootstrap(o.Str("name")) {
		return exc.Validation.Errorf("%s describes DocTypes itself and cannot be replaced", o.Str("name"))
	}
	ApplyFieldOrder(o)
	if err := c.ensureNames(ctx, o); err != nil {
		return err
	}
	dt := doctype.FromProps(o)
	if dt.Name == "" {
		return exc.Validation.New("a DocType file without a name")
	}
	if err := c.WriteDocType(ctx, o); err != nil {
		return err
	}
	c.ClearMeta(dt.Name)
	merged, err := c.DocType(ctx, dt.Name)
	if err != nil {
		return err
	}
	return c.SyncTable(ctx, merged)
}

// ApplyFieldOrder sorts a file's fields by its field_order and drops that key.
func ApplyFieldOrder(o *document.Object) {
	order := map[string]int{}
	for i, v := range o.Get("field_order").List() {
		order[v.Str()] = i + 1
	}
	o.Delete("field_order")
	fields := append([]document.Value(nil), o.Get("fields").List()...)
	if len(order) > 0 {
		sort.SliceStable(fields, func(i, j int) bool {
			a, b := order[fieldnameOf(fields[i])], order[fieldnameOf(fields[j])]
			return a != 0 && b != 0 && a < b
		})
	}
	for i, f := range fields {
		if m := f.Map(); m != nil {
			m.Set("idx", document.IntOf(int64(i+1)))
		}
	}
	o.Set("fields", document.ListOf(fields...))
}

func fieldnameOf(v document.Value) string { return v.Map().PropText("fieldname") }

// ensureNames creates the module and the roles that a DocType names.
// Source: frappe/core/doctype/doctype/doctype.py make_module_and_roles.
func (c *Call) ensureNames(ctx context.Context, o *document.Object) error {
	if err := c.Ensure(ctx, "Module Def", "module_name", o.Str("module"), "app_name", "custom"); err != nil {
		return err
	}
	for _, p := range o.Get("permissions").List() {
		if m := p.Map(); m != nil {
			if err := c.Ensure(ctx, "Role", "role_name", m.Str("role"), "desk_access", "1"); err != nil {
				return err
			}
		}
	}
	return nil
}

// Ensure creates a document named by one field when it is not there; more fields
// follow in pairs.
func (c *Call) Ensure(ctx context.Context, dtName, field, name string, more ...string) error {
	if name == "" {
		return nil
	}
	if _, ok, err := c.Exists(ctx, dtName, name); err != nil || ok {
		return err
	}
	dt, err := c.DocType(ctx, dtName)
	if err != nil {
		return err
	}
	d := document.New(dt)
	d.SetName(name)
	d.Set(field, document.Text(name))
	for i := 0; i+1 < len(more); i += 2 {
		d.Set(more[i], document.Text(more[i+1]))
	}
	if err := c.fillDefaults(ctx, d, nil); err != nil {
		return err
	}
	return c.insertRaw(ctx, d)
}

// findMissing lists the links of imported DocTypes whose target is nowhere.
func (r *ImportReport) findMissing(ctx context.Context, c *Call, byName map[string]*document.Object) error {
	for _, name := range r.Imported {
		for _, f := range byName[name].Get("fields").List() {
			m := f.Map()
			if m == nil {
				continue
			}
			switch m.Str("fieldtype") {
			case "Link", "Table", "Table MultiSelect":
			default:
				continue
			}
			target := m.Str("options")
			if target == "" || target == "[Select]" {
				continue
			}
			_, err := c.DocType(ctx, target)
			if exc.Is(err, exc.DoesNotExist) {
				r.Missing = append(r.Missing, fmt.Sprintf("%s.%s → %s", name, m.Str("fieldname"), target))
			} else if err != nil {
				return err
			}
		}
	}
	return nil
}
