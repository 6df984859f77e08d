package builtin

import (
	"os"
	"strings"
	"testing"

	"freddo/document"
	"freddo/internal/compat"
	"freddo/internal/engine"
	"freddo/internal/meta"
	"freddo/internal/method"
)

var profiles = []*compat.Profile{compat.V14(), compat.V15(), compat.V16()}

func registered() *engine.Hooks {
	h := engine.NewHooks()
	Register(h, method.NewRegistry())
	return h
}

// table reads a file of rows with cells between bars; lines of # are remarks.
func table(t *testing.T, file string) [][]string {
	t.Helper()
	data, err := os.ReadFile("testdata/" + file)
	if err != nil {
		t.Fatal(err)
	}
	var out [][]string
	for _, line := range strings.Split(strings.TrimSpace(string(data)), "\n") {
		if strings.HasPrefix(line, "#") {
			continue
		}
		cells := strings.Split(line, "|")
		for i := range cells {
			cells[i] = strings.TrimSpace(cells[i])
		}
		out = append(out, cells)
	}
	return out
}

// TestUpstreamsHooksAreHere fails for a DocType that upstream's hooks.py names and that
// has no hook here.
func TestUpstreamsHooksAreHere(t *testing.T) {
	t.Parallel()
	h := registered()
	for _, row := range table(t, "upstream_hooks.txt") {
		for _, dt := range strings.Split(row[2], ", ") {
			documents, lists := h.Guards(dt)
			if row[1] == "has_permission" && !documents || row[1] == "permission_query_conditions" && !lists {
				t.Errorf("%s: %s has a %s upstream and none here", row[0], dt, row[1])
			}
		}
	}
}

// everybody are the roles that nobody needs to be given.
var everybody = map[string]bool{"All": true, "Guest": true, "Desk User": true}

// openRights are the rights of a DocType's description that everybody has; own says that
// all of them are bound to the owner.
func openRights(o *document.Object) (rights string, own bool) {
	own = true
	var all []string
	for _, v := range o.Get("permissions").List() {
		p := v.Map()
		if !everybody[p.PropText("role")] {
			continue
		}
		text := p.PropText("role")
		if l := p.PropText("permlevel"); l != "" && l != "0" {
			text += " level " + l
		}
		if p.PropInt("if_owner") != 0 {
			text += " own"
		} else {
			own = false
		}
		text += ":"
		for _, right := range []string{"select", "read", "write", "create", "delete", "share"} {
			if p.PropInt(right) != 0 {
				text += " " + right
			}
		}
		all = append(all, text)
	}
	return strings.Join(all, "; "), own
}

// TestOpenDocTypesAreAccountedFor compares the shipped DocTypes that everybody has rights
// on with testdata/open_rights.txt: a new one, or a new right, needs a line that says who
// sees which documents, and the hook that the line promises.
func TestOpenDocTypesAreAccountedFor(t *testing.T) {
	t.Parallel()
	h, rows, used := registered(), map[string][]string{}, map[string]bool{}
	for _, row := range table(t, "open_rights.txt") {
		rows[row[0]] = row
	}
	for _, p := range profiles {
		objects, err := meta.CoreDocTypes(p)
		if err != nil {
			t.Fatal(err)
		}
		for _, o := range objects {
			rights, own := openRights(o)
			if rights == "" {
				continue
			}
			name := o.Str("name")
			row := rows[name]
			if row == nil {
				t.Errorf("%s: %s gives everybody %q and has no line", p.Name, name, rights)
				continue
			}
			used[name] = true
			if got := listed(row[3], p.Name); got != rights {
				t.Errorf("%s: %s gives everybody %q; its line says %q", p.Name, name, rights, got)
			}
			documents, lists := h.Guards(name)
			kept := map[string]bool{"own": own, "all": true, "hook": documents && lists, "lists": lists, "writes": documents}
			if !kept[row[1]] {
				t.Errorf("%s: %s is not kept as its line says: %s", p.Name, name, row[1])
			}
		}
	}
	for name := range rows {
		if !used[name] {
			t.Errorf("%s has a line and gives nobody a right", name)
		}
	}
}

// listed is what a line says of a release.
func listed(cell, release string) string {
	for _, part := range strings.Split(cell, " / ") {
		releases, rights, _ := strings.Cut(part, " = ")
		if strings.Contains(" "+releases+" ", " "+release+" ") {
			return rights
		}
	}
	return ""
}
