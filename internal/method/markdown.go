package method

import (
	"strings"

	"freddo/document"
	"freddo/internal/compat"
)

// Markdown describes all methods, a section per module.
func (r *Registry) Markdown() string {
	var b strings.Builder
	b.WriteString(`# Methods
Every method below answers at ` + "`/api/method/<name>`" + `, in v15 and v16 at ` + "`/api/v2/method/<name>`" + ` too. Arguments come as JSON, as a form or in the address. An argument with ` + "`?`" + ` may be left out; types are checked from v15 on. ` + "`…`" + ` takes any further arguments. Methods are for logged-in users and take GET, POST, PUT and DELETE, where nothing else is said.

This page is made by ` + "`freddo methods --markdown`" + `.
`)
	section := ""
	for _, name := range r.Names() {
		m := r.methods[name]
		module := name
		if i := strings.LastIndexByte(name, '.'); i > 0 {
			module = name[:i]
		}
		if module != section {
			section = module
			b.WriteString("\n## " + module + "\n| method | arguments | notes |\n|---|---|---|\n")
		}
		b.WriteString("| `" + m.shortName() + "` | " + m.arguments() + " | " + strings.Join(m.notes(), "; ") + " |\n")
	}
	return b.String()
}

func (m *Method) arguments() string {
	var out []string
	for i := range m.Params {
		p := &m.Params[i]
		s := p.Name
		if !p.Required {
			s += "?"
			if p.Default.Kind() != document.Missing {
				s += "=" + document.PythonSpaced.Marshal(p.Default)
			}
		}
		if p.Type != Any {
			s += ": " + strings.ReplaceAll(p.typeText(), "|", "or")
		}
		out = append(out, "`"+s+"`")
	}
	if m.Rest {
		out = append(out, "`…`")
	}
	return strings.Join(out, ", ")
}

func (m *Method) notes() []string {
	var out []string
	if m.Guest {
		out = append(out, "for Guests too")
	}
	if len(m.Verbs) > 0 {
		out = append(out, strings.Join(m.Verbs, ", "))
	}
	if m.In != nil {
		var in []string
		for _, p := range []*compat.Profile{compat.V14(), compat.V15(), compat.V16()} {
			if m.In(p) {
				in = append(in, p.Name)
			}
		}
		out = append(out, strings.Join(in, ", ")+" only")
	}
	if m.Limit != nil {
		out = append(out, "limited in rate")
	}
	return out
}
