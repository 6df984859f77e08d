package method

import (
	"fmt"
	"strings"

	"freddo/exc"
)

// resolve finds a method by the name in a request. Errors: ValidationError in
// upstream's words when there is none, PermissionError when it is not whitelisted.
// Source: frappe/handler.py execute_cmd; frappe/api/v2.py handle_rpc_call.
func (r *Registry) resolve(name string, v2 bool) (*Method, string, error) {
	if to, ok := r.override[name]; ok {
		name = to
	}
	full := name
	if !strings.Contains(name, ".") {
		if v2 {
			return nil, "", missingApp(name, name, v2)
		}
		var ok bool
		if full, ok = r.short[name]; !ok {
			return nil, "", failed(name, "'"+name+"'", v2) // Frappe: a Python KeyError's text
		}
	}
	if m := r.methods[full]; m != nil {
		return m, full, nil
	}
	if r.private[full] {
		return nil, full, nil
	}
	return nil, "", r.missing(full, name, v2)
}

// missing tells why a dotted name means nothing, as Python's import would.
func (r *Registry) missing(full, name string, v2 bool) error {
	app, _, _ := strings.Cut(full, ".")
	if !r.apps[app] {
		return missingApp(app, name, v2)
	}
	at := strings.LastIndexByte(full, '.')
	module, attribute := full[:at], full[at+1:]
	if r.modules[module] || module == app {
		return failed(name, fmt.Sprintf("module '%s' has no attribute '%s'", module, attribute), v2)
	}
	// The import fails at the first part that is no module.
	for i := len(app); i < len(module); {
		next := strings.IndexByte(module[i+1:], '.')
		if next < 0 {
			break
		}
		i += 1 + next
		if !r.modules[module[:i]] {
			return failed(name, fmt.Sprintf("No module named '%s'", module[:i]), v2)
		}
	}
	return failed(name, fmt.Sprintf("No module named '%s'", module), v2)
}

func failed(name, why string, v2 bool) *exc.Error {
	if v2 {
		return exc.Validation.Throwf("Failed to get method %s with %s", name, why)
	}
	return exc.Validation.Throwf("Failed to get method for command %s with %s", name, why)
}

func missingApp(app, name string, v2 bool) *exc.Error {
	why := fmt.Sprintf("App %s is not installed", app)
	return failed(name, why, v2).WithPlain(exc.Message{Text: why, Indicator: "red", Raise: true})
}

// NotWhitelisted refuses a function that clients may not call.
// Source: frappe/__init__.py is_whitelisted.
func NotWhitelisted(function string, mentionLogin bool) *exc.Error {
	summary := "You are not permitted to access this resource."
	if mentionLogin {
		summary += " Login to access"
	}
	return exc.Permission.Throwf("<details><summary>%s</summary>Function <strong>%s</strong> is not whitelisted.</details>", summary, function).
		WithTitle("Method Not Allowed")
}
