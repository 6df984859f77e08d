package perm

import (
	"fmt"
	"testing"

	"freddo/doctype"
)

// holder is a user with exactly these roles.
func holder(name string, roles ...string) *User {
	u := &User{Name: name, Roles: roles, roles: map[string]bool{}}
	for _, r := range roles {
		u.roles[r] = true
	}
	return u
}

// row is a DocPerm row of level 0; owner and level make it another one.
func row(role string, rights ...doctype.Right) *doctype.DocPerm {
	p := &doctype.DocPerm{Role: role}
	for _, r := range rights {
		p.Rights = p.Rights.With(r)
	}
	return p
}

func owner(p *doctype.DocPerm) *doctype.DocPerm { p.IfOwner = true; return p }

func level(n int, p *doctype.DocPerm) *doctype.DocPerm { p.Permlevel = n; return p }

func with(rows ...*doctype.DocPerm) *doctype.DocType {
	return &doctype.DocType{Name: "Gadget", Permissions: rows}
}

func set(rights ...doctype.Right) (s doctype.RightSet) {
	for _, r := range rights {
		s = s.With(r)
	}
	return s
}

func names(s doctype.RightSet) (out []string) {
	for _, r := range doctype.Rights() {
		if s.Has(r) {
			out = append(out, r.String())
		}
	}
	return out
}

func same(t *testing.T, what string, got, want doctype.RightSet) {
	t.Helper()
	if got != want {
		t.Errorf("%s: got %v, want %v", what, names(got), names(want))
	}
}

func TestRightsOfRoles(t *testing.T) {
	t.Parallel()
	const (
		sel, read, write, create, del = doctype.Select, doctype.Read, doctype.Write, doctype.Create, doctype.Delete
		submit, report                = doctype.Submit, doctype.Report
	)
	ann := holder("ann@example.com", "Clerk", RoleAll, Guest)
	for _, c := range []struct {
		behaviour string
		user      *User
		dt        *doctype.DocType
		// any and owned are the parts of Rights, list what holds at DocType level.
		any, owned, list doctype.RightSet
	}{
		{"a DocType without rows gives nothing", ann, with(), 0, 0, 0},
		{"a DocType without rows gives Administrator everything", holder(Administrator), with(), doctype.AllRights, 0, doctype.AllRights},
		{"only the name Administrator gives everything, not the role", holder("eve@example.com", Administrator), with(row("Clerk", read)), 0, 0, 0},
		{"a role that the user has gives the row's rights", ann, with(row("Clerk", read)), set(read), 0, set(read)},
		{"a role that the user lacks gives nothing", ann, with(row("Manager", read)), 0, 0, 0},
		{"roles are told apart by case", ann, with(row("clerk", read)), 0, 0, 0},
		{"a row without a role gives nothing", ann, with(row("", read)), 0, 0, 0},
		{"rows of several roles add up", holder("bob@example.com", "Clerk", "Manager"), with(row("Clerk", read), row("Manager", write)), set(read, write), 0, set(read, write)},
		{"a role at level 1 alone gives no read", ann, with(level(1, row("Clerk", read))), 0, 0, 0},
		{"a row at level 1 adds no write to read at level 0", ann, with(row("Clerk", read), level(1, row("Clerk", read, write))), set(read), 0, set(read)},
		{"read does not give select", ann, with(row("Clerk", read)), set(read), 0, set(read)},
		{"select does not give read", ann, with(row("Clerk", sel)), set(sel), 0, set(sel)},
		{"write does not give read", ann, with(row("Clerk", write)), set(write), 0, set(write)},
		{"submit does not give write", ann, with(row("Clerk", submit)), set(submit), 0, set(submit)},
		{"All reaches a Website User", ann, with(row(RoleAll, read)), set(read), 0, set(read)},
		{"All does not reach Guest", holder(Guest, Guest), with(row(RoleAll, read)), 0, 0, 0},
		{"Guest reaches Guest", holder(Guest, Guest), with(row(Guest, read)), set(read), 0, set(read)},
		{"what Guest may do everybody may do", ann, with(row(Guest, read)), set(read), 0, set(read)},
		{"Desk User does not reach a Website User", ann, with(row(RoleDeskUser, read)), 0, 0, 0},
		{"owner-bound read opens the list and no other document", ann, with(owner(row("Clerk", read))), 0, set(read), set(read)},
		{"owner-bound select opens the list", ann, with(owner(row("Clerk", sel))), 0, set(sel), set(sel)},
		{"owner-bound write is no right on the DocType", ann, with(owner(row("Clerk", write))), 0, set(write), 0},
		{"owner-bound delete is no right on the DocType", ann, with(owner(row("Clerk", del))), 0, set(del), 0},
		{"owner-bound report is no right on the DocType", ann, with(owner(row("Clerk", report))), 0, set(report), 0},
		{"create is never owner-bound", ann, with(owner(row("Clerk", create))), set(create), 0, set(create)},
		{"create in another's owner-bound row gives nothing", ann, with(owner(row("Manager", create))), 0, 0, 0},
		{"a plain row frees the right from the owner", ann, with(owner(row("Clerk", read, write)), row(RoleAll, read)), set(read), set(write), set(read)},
		{"a plain row of a role that the user lacks frees nothing", ann, with(owner(row("Clerk", read)), row("Manager", read)), 0, set(read), set(read)},
		{"a plain row at level 1 frees nothing", ann, with(owner(row("Clerk", write)), level(1, row("Clerk", write))), 0, set(write), 0},
		{"an owner-bound row at level 1 gives nothing", ann, with(level(1, owner(row("Clerk", read)))), 0, 0, 0},
	} {
		t.Run(c.behaviour, func(t *testing.T) {
			t.Parallel()
			r := RoleRights(c.dt, c.user)
			same(t, "on every document", r.Any, c.any)
			same(t, "on the user's own", r.Owned, c.owned)
			same(t, "on the DocType", r.Doctype(), c.list)
		})
	}
}

// Each right is given by itself alone, and by nothing near it.
func TestEachRightStandsAlone(t *testing.T) {
	t.Parallel()
	ann := holder("ann@example.com", "Clerk")
	for _, right := range doctype.Rights() {
		t.Run(right.String(), func(t *testing.T) {
			t.Parallel()
			only, others := set(right), doctype.AllRights.Without(right)
			same(t, "a row with this right gives it and no other", RoleRights(with(row("Clerk", right)), ann).Any, only)
			same(t, "a row with all other rights does not give it", RoleRights(with(&doctype.DocPerm{Role: "Clerk", Rights: others}), ann).Any, others)
			same(t, "another role's row does not give it", RoleRights(with(row("Manager", right)), ann).Any, 0)
			same(t, "level 1 does not give it", RoleRights(with(level(1, row("Clerk", right))), ann).Any, 0)
			r := RoleRights(with(owner(row("Clerk", right))), ann)
			if right == doctype.Create {
				same(t, "an owner-bound row gives create on all", r.Any, only)
				same(t, "an owner-bound row binds no create", r.Owned, 0)
				return
			}
			same(t, "an owner-bound row does not give it on others' documents", r.Any, 0)
			same(t, "an owner-bound row gives it on own documents", r.Owned, only)
			inList := doctype.RightSet(0)
			if right == doctype.Read || right == doctype.Select {
				inList = only
			}
			same(t, "an owner-bound row on the DocType", r.Doctype(), inList)
		})
	}
}

func TestLevelsOfFields(t *testing.T) {
	t.Parallel()
	const read, write = doctype.Read, doctype.Write
	ann := holder("ann@example.com", "Clerk")
	for _, c := range []struct {
		behaviour string
		dt        *doctype.DocType
		right     doctype.Right
		want      map[int]bool
	}{
		{"no row, no level", with(), read, map[int]bool{}},
		{"level 0 does not give level 1", with(row("Clerk", read)), read, map[int]bool{0: true}},
		{"a row of level 1 gives level 1 and not level 0", with(level(1, row("Clerk", read))), read, map[int]bool{1: true}},
		{"level 2 does not give level 1", with(row("Clerk", read), level(2, row("Clerk", read))), read, map[int]bool{0: true, 2: true}},
		{"read at a level is no write there", with(row("Clerk", read, write), level(1, row("Clerk", read))), write, map[int]bool{0: true}},
		{"write at a level is no read there", with(level(1, row("Clerk", write))), read, map[int]bool{}},
		{"another role's level stays closed", with(row("Clerk", read), level(1, row("Manager", read))), read, map[int]bool{0: true}},
		{"an owner-bound row opens its level", with(level(1, owner(row("Clerk", read)))), read, map[int]bool{1: true}},
	} {
		t.Run(c.behaviour, func(t *testing.T) {
			t.Parallel()
			levels, all := Levels(c.dt, ann, c.right)
			if all {
				t.Error("all levels are for Administrator alone")
			}
			if fmt.Sprint(levels) != fmt.Sprint(c.want) {
				t.Errorf("got %v, want %v", levels, c.want)
			}
		})
	}
	if _, all := Levels(with(), holder(Administrator), write); !all {
		t.Error("Administrator has all levels")
	}
	if _, all := Levels(with(), holder("eve@example.com", Administrator), write); all {
		t.Error("the role Administrator gives no level")
	}
}

func TestHas(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		behaviour string
		user      *User
		role      string
		want      bool
	}{
		{"a user has an assigned role", holder("ann@example.com", "Clerk"), "Clerk", true},
		{"a user lacks another role", holder("ann@example.com", "Clerk"), "Manager", false},
		{"Administrator has every role", holder(Administrator), "Manager", true},
		{"Guest has no role but Guest", holder(Guest, Guest), RoleAll, false},
	} {
		t.Run(c.behaviour, func(t *testing.T) {
			t.Parallel()
			if got := c.user.Has(c.role); got != c.want {
				t.Errorf("got %v, want %v", got, c.want)
			}
		})
	}
}

func TestPrintAndEmailOfASharedDocument(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		behaviour string
		dt        *doctype.DocType
		right     doctype.Right
		want      bool
	}{
		{"the first row's print is carried, whoever's row it is", with(row("Manager", doctype.Print)), doctype.Print, true},
		{"a second row's print is not", with(row("Manager", doctype.Read), row("Clerk", doctype.Print)), doctype.Print, false},
		{"the first row's print carries no email", with(row("Manager", doctype.Print)), doctype.Email, false},
		{"the first row's email is carried", with(row("Manager", doctype.Email)), doctype.Email, true},
		{"without rows there is no print", with(), doctype.Print, false},
		{"read asks no row", with(), doctype.Read, true},
		{"write asks no row", with(row("Manager", doctype.Read)), doctype.Write, true},
	} {
		t.Run(c.behaviour, func(t *testing.T) {
			t.Parallel()
			if got := RowCarries(c.dt, c.right); got != c.want {
				t.Errorf("got %v, want %v", got, c.want)
			}
		})
	}
}
