package doctype_test

import (
	"testing"

	"freddo/doctype"
)

func TestRightsAreKnownByTheirNames(t *testing.T) {
	t.Parallel()
	all := doctype.Rights()
	if len(all) != 14 || all[0] != doctype.Select || all[13] != doctype.Share {
		t.Errorf("rights are %v", all)
	}
	set := doctype.RightSet(0)
	for _, r := range all {
		if got, ok := doctype.ParseRight(r.String()); !ok || got != r {
			t.Errorf("%s is parsed as %v, %v", r, got, ok)
		}
		if set.Has(r) || !set.With(r).Has(r) || set.With(r).Without(r) != set || !doctype.AllRights.Has(r) || doctype.AllRights.Without(r).Has(r) {
			t.Errorf("%s: sets", r)
		}
		set = set.With(r)
	}
	if whole := set.With(doctype.Mask).With(doctype.Impersonate); whole != doctype.AllRights {
		t.Errorf("all rights are %b, want %b", whole, doctype.AllRights)
	}
	for _, name := range []string{"", "Read", "read ", "set_user_permissions"} {
		if r, ok := doctype.ParseRight(name); ok {
			t.Errorf("%q is the right %s", name, r)
		}
	}
}

func TestPermissionsAreReadFromTheirRows(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name, in string
		want     doctype.DocPerm
	}{
		{"nothing is allowed by default", `{"role":"Guest"}`, doctype.DocPerm{Role: "Guest"}},
		{"numbers, texts and booleans", `{"role":"All","read":1,"write":"1","create":true,"delete":0,"submit":"0","cancel":false,"share":null}`,
			doctype.DocPerm{Role: "All", Rights: doctype.RightSet(0).With(doctype.Read).With(doctype.Write).With(doctype.Create)}},
		{"level, owner and mask", `{"role":"All","permlevel":"2","if_owner":1,"mask":1,"export":1}`,
			doctype.DocPerm{Role: "All", Permlevel: 2, IfOwner: true, Rights: doctype.RightSet(0).With(doctype.Export).With(doctype.Mask)}},
		{"junk allows nothing", `{"role":null,"permlevel":"x","read":"yes","write":[1],"create":{"a":1},"if_owner":"true"}`, doctype.DocPerm{}},
	} {
		dt := compile(t, `{"permissions":[`+c.in+`]}`)
		if len(dt.Permissions) != 1 || *dt.Permissions[0] != c.want {
			t.Errorf("%s: got %+v, want %+v", c.name, *dt.Permissions[0], c.want)
		}
	}
	for _, r := range doctype.Rights() {
		dt := compile(t, `{"permissions":[5,{"role":"A","`+r.String()+`":1},null,{"role":"B"}]}`)
		if len(dt.Permissions) != 2 || dt.Permissions[0].Rights != doctype.RightSet(0).With(r) || dt.Permissions[1].Role != "B" {
			t.Errorf("%s: %+v", r, dt.Permissions)
		}
	}
}
