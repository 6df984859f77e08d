package method

import (
	"context"
	"slices"
	"strings"

	"freddo/document"
	"freddo/exc"
	"freddo/internal/compat"
	"freddo/internal/engine"
	"freddo/internal/perm"
)

var postOnly = []string{"POST"}

// usualVerbs are what a method takes that names none. HEAD and PATCH are not among
// them. Source: frappe/__init__.py whitelist.
var usualVerbs = []string{"GET", "POST", "PUT", "DELETE"}

// Call runs the method that a request names, under the rules for clients: whitelist,
// verb, limits, sanitising of what Guests send, and arguments from c.Form.
// Source: frappe/handler.py execute_cmd.
func (r *Registry) Call(ctx context.Context, c *engine.Call, name string) (any, error) {
	v2 := c.Request.V2
	if to, ok := r.override[name]; ok {
		name = to
	}
	if r.Script != nil && c.CheckMethod(name) == nil {
		if result, found, err := r.Script(ctx, c, name); found || err != nil {
			return result, err
		}
	}
	m, full, err := r.resolve(name, v2)
	if err != nil {
		return nil, err
	}
	if m != nil && m.In != nil && !m.In(c.Profile) {
		return nil, r.missing(full, name, v2)
	}
	if m == nil || !m.Guest && isGuest(c.User) {
		return nil, NotWhitelisted(full, c.Profile.GuestSummaryLogin)
	}
	verbs := m.Verbs
	if m.PostOnly != nil && m.PostOnly(c.Profile) {
		verbs = postOnly
	}
	if err := CheckVerb(verbs, c.Request.Method); err != nil {
		return nil, err
	}
	if isGuest(c.User) && !m.XSSSafe {
		sanitize(c)
	}
	return r.run(ctx, c, m)
}

// Run calls a method without the whitelist and verb rules, with arguments from
// c.Form: for routes that name it themselves.
func (r *Registry) Run(ctx context.Context, c *engine.Call, m *Method) (any, error) {
	return r.run(ctx, c, m)
}

func (r *Registry) run(ctx context.Context, c *engine.Call, m *Method) (any, error) {
	if err := c.CheckMethod(m.Name); err != nil {
		return nil, err
	}
	if err := r.limit(ctx, c, m.Limit); err != nil {
		return nil, err
	}
	args, err := m.Bind(c.Profile, c.Form)
	if err != nil {
		return nil, err
	}
	return m.Fn(ctx, c, args)
}

func isGuest(user string) bool { return user == "" || user == perm.Guest }

// CheckVerb refuses a verb that is not among those given; none means the usual
// four. It is 403, never 405. Source: frappe/handler.py is_valid_http_method.
func CheckVerb(verbs []string, verb string) error {
	if len(verbs) == 0 {
		verbs = usualVerbs
	}
	if verb == "" || slices.Contains(verbs, verb) {
		return nil
	}
	return exc.Permission.Throw("Not permitted")
}

// sanitize cleans the texts that a Guest sent: those with markup, unless they are
// JSON. Source: frappe/__init__.py is_whitelisted, frappe/utils/html_utils.py.
func sanitize(c *engine.Call) {
	if c.Hooks.Sanitize == nil {
		return
	}
	for i := range c.Form.Len() {
		k, v := c.Form.At(i)
		s := v.Str()
		if v.Kind() != document.String || !strings.Contains(s, "<") || !strings.Contains(s, ">") {
			continue
		}
		if _, err := document.ParseJSON(s); err == nil {
			continue
		}
		c.Form.Set(k, document.Text(c.Hooks.Sanitize(s)))
	}
}

// never are arguments that no client can pass. Source: frappe/__init__.py
// get_newargs.
func never(name string) bool { return name == "ignore_permissions" || name == "flags" }

// Bind makes a method's arguments from a form: unknown ones are dropped unless the
// method takes the rest, defaults filled in, types checked from v15 on. Errors:
// FrappeTypeError, TypeError for missing ones.
// Source: frappe/__init__.py call, get_newargs; frappe/utils/typing_validations.py.
func (m *Method) Bind(p *compat.Profile, form *document.Object) (Args, error) {
	out := &document.Object{}
	var missing []string
	for i := range m.Params {
		par := &m.Params[i]
		v := form.Get(par.Name)
		switch {
		case v.Kind() != document.Missing && !never(par.Name):
			if p.TypeChecks && par.Type != Any {
				var ok bool
				if v, ok = par.accepts().convert(v); !ok {
					return Args{}, m.typeError(p, par, v)
				}
			}
			out.Set(par.Name, v)
		case par.Required:
			missing = append(missing, "'"+par.Name+"'")
		case par.Default.Kind() == document.Missing:
			out.Set(par.Name, document.NullValue)
		default:
			out.Set(par.Name, par.Default)
		}
	}
	if len(missing) > 0 {
		return Args{}, m.missingError(missing)
	}
	if m.Rest {
		for i := range form.Len() {
			if k, v := form.At(i); !out.Has(k) && !never(k) {
				out.Set(k, v)
			}
		}
	}
	return Args{out}, nil
}

func (m *Method) shortName() string { return m.Name[strings.LastIndexByte(m.Name, '.')+1:] }

// missingError is Python's TypeError for a call without required arguments.
func (m *Method) missingError(names []string) error {
	list, plural := names[0], ""
	switch n := len(names); {
	case n == 2:
		list, plural = names[0]+" and "+names[1], "s"
	case n > 2:
		list, plural = strings.Join(names[:n-1], ", ")+", and "+names[n-1], "s"
	}
	return exc.TypeErr.Errorf("%s() missing %d required positional argument%s: %s", m.shortName(), len(names), plural, list)
}

func (m *Method) typeError(p *compat.Profile, par *Param, v document.Value) error {
	where := ""
	if p.TypeErrorNamesMethod {
		where = " in '" + m.Name + "'"
	}
	return exc.FrappeType.Errorf("Argument '%s'%s should be of type '%s' but got '%s' instead.", par.Name, where, par.typeText(), pythonName(v))
}
