package method

import (
	"context"
	"strings"
	"testing"

	"freddo/document"
	"freddo/exc"
	"freddo/internal/compat"
	"freddo/internal/engine"
)

// echo answers its arguments.
func echo(_ context.Context, _ *engine.Call, a Args) (any, error) { return a.Object, nil }

func testRegistry() *Registry {
	r := NewRegistry()
	r.Add(
		Method{Name: "shop.api.typed", Params: []Param{{Name: "n", Type: Int, Required: true}, {Name: "on", Type: Bool, Default: document.BoolOf(false)},
			{Name: "names", Type: StrList | None}}, Fn: echo},
		Method{Name: "shop.api.two", Params: []Param{{Name: "a", Required: true}, {Name: "b", Required: true}}, Fn: echo},
		Method{Name: "shop.api.rest", Rest: true, Fn: echo},
		Method{Name: "shop.api.write", Verbs: []string{"POST"}, Fn: echo},
		Method{Name: "shop.api.open", Guest: true, Fn: echo},
		Method{Name: "shop.api.new", In: func(p *compat.Profile) bool { return p.Name == "v16" }, Fn: echo},
	)
	r.Private("shop.api.internal")
	r.Override("shop.api.old", "shop.api.open")
	r.Override("shop.api.chain", "shop.api.old")
	return r
}

func callOf(p *compat.Profile, user, verb string, form *document.Object) *engine.Call {
	return &engine.Call{Engine: &engine.Engine{Profile: p, Hooks: engine.NewHooks()}, User: user, Request: &engine.Request{Method: verb}, Form: form}
}

// TestBadInput: what callers send that is missing, too much, of the wrong type, or for
// nothing that exists, is refused in upstream's words.
func TestBadInput(t *testing.T) {
	t.Parallel()
	r := testRegistry()
	v15, v14, v16 := compat.V15(), compat.V14(), compat.V16()
	for name, row := range map[string]struct {
		p      *compat.Profile
		user   string
		verb   string
		method string
		form   string
		class  *exc.Class // nil: accepted
		text   string     // in the error, or the result
	}{
		"a missing argument":                 {v15, "u", "GET", "shop.api.typed", `{}`, exc.TypeErr, "typed() missing 1 required positional argument: 'n'"},
		"two missing arguments":              {v15, "u", "GET", "shop.api.two", `{}`, exc.TypeErr, "two() missing 2 required positional arguments: 'a' and 'b'"},
		"null is an argument":                {v15, "u", "GET", "shop.api.two", `{"a":null,"b":1}`, nil, `"a": null`},
		"text where a number belongs":        {v15, "u", "GET", "shop.api.typed", `{"n":"many"}`, exc.FrappeType, "Argument 'n' should be of type 'int' but got 'str' instead."},
		"the method's name, in v16":          {v16, "u", "GET", "shop.api.typed", `{"n":"many"}`, exc.FrappeType, "Argument 'n' in 'shop.api.typed' should be"},
		"no types in v14":                    {v14, "u", "GET", "shop.api.typed", `{"n":"many"}`, nil, `"many"`},
		"a number as text":                   {v15, "u", "GET", "shop.api.typed", `{"n":" 7 "}`, nil, `"n": 7`},
		"half a number":                      {v15, "u", "GET", "shop.api.typed", `{"n":7.5}`, exc.FrappeType, "got 'float'"},
		"a boolean as text":                  {v15, "u", "GET", "shop.api.typed", `{"n":1,"on":"yes"}`, nil, `"on": true`},
		"a list with numbers":                {v15, "u", "GET", "shop.api.typed", `{"n":1,"names":[1]}`, exc.FrappeType, "typing.Optional[list[str]]"},
		"an object as a number":              {v15, "u", "GET", "shop.api.typed", `{"n":{}}`, exc.FrappeType, "got 'dict'"},
		"unknown arguments are dropped":      {v15, "u", "GET", "shop.api.typed", `{"n":1,"extra":2}`, nil, `{"n": 1, "on": false, "names": null}`},
		"further arguments":                  {v15, "u", "GET", "shop.api.rest", `{"extra":2}`, nil, `{"extra": 2}`},
		"no client ignores permissions":      {v15, "u", "GET", "shop.api.rest", `{"ignore_permissions":1,"flags":{},"x":1}`, nil, `{"x": 1}`},
		"the wrong verb":                     {v15, "u", "GET", "shop.api.write", `{}`, exc.Permission, "Not permitted"},
		"HEAD":                               {v15, "u", "HEAD", "shop.api.open", `{}`, exc.Permission, "Not permitted"},
		"a Guest":                            {v15, "Guest", "POST", "shop.api.write", `{}`, exc.Permission, "is not whitelisted"},
		"a Guest where Guests may":           {v15, "Guest", "POST", "shop.api.open", `{}`, nil, "{}"},
		"what is not whitelisted":            {v15, "u", "POST", "shop.api.internal", `{}`, exc.Permission, "Function <strong>shop.api.internal</strong> is not whitelisted"},
		"a missing function":                 {v15, "u", "POST", "shop.api.gone", `{}`, exc.Validation, "module 'shop.api' has no attribute 'gone'"},
		"a missing module":                   {v15, "u", "POST", "shop.gone.x", `{}`, exc.Validation, "No module named 'shop.gone'"},
		"a missing app":                      {v15, "u", "POST", "warehouse.api.x", `{}`, exc.Validation, "App warehouse is not installed"},
		"no dot":                             {v15, "u", "POST", "nothing", `{}`, exc.Validation, "Failed to get method for command nothing with 'nothing'"},
		"an empty name":                      {v15, "u", "POST", "", `{}`, exc.Validation, "Failed to get method"},
		"dots only":                          {v15, "u", "POST", "...", `{}`, exc.Validation, "Failed to get method"},
		"a hostile name":                     {v15, "u", "POST", "shop.api.__class__", `{}`, exc.Validation, "has no attribute"},
		"an override":                        {v15, "Guest", "POST", "shop.api.old", `{}`, nil, "{}"},
		"a method of another release":        {v15, "u", "POST", "shop.api.new", `{}`, exc.Validation, "module 'shop.api' has no attribute 'new'"},
		"a method of this release":           {v16, "u", "POST", "shop.api.new", `{}`, nil, "{}"},
		"thousands of arguments are dropped": {v15, "u", "POST", "shop.api.open", `{` + strings.Repeat(`"k":1,`, 5000) + `"k":1}`, nil, "{}"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			form, err := document.ParseJSON(row.form)
			if err != nil {
				t.Fatal(err)
			}
			got, err := r.Call(t.Context(), callOf(row.p, row.user, row.verb, form.Map()), row.method)
			if row.class != nil {
				if !exc.Is(err, row.class) || !strings.Contains(exc.Of(err).Text, row.text) {
					t.Errorf("error = %v, want %s %q", err, row.class.Name, row.text)
				}
				return
			}
			if err != nil {
				t.Fatal(err)
			}
			if text := document.PythonSpaced.Marshal(document.From(got)); !strings.Contains(text, row.text) {
				t.Errorf("got %s, want %s", text, row.text)
			}
		})
	}
}
