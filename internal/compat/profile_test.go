package compat

import (
	"cmp"
	"io/fs"
	"os"
	"path/filepath"
	"reflect"
	"regexp"
	"strings"
	"testing"
)

func TestLookup(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		behaviour, name, want string
	}{
		{"a release by its name", "v14", "v14"},
		{"a release by its number", "14", "v14"},
		{"v15", "v15", "v15"},
		{"15", "15", "v15"},
		{"v16", "v16", "v16"},
		{"16", "16", "v16"},
		{"no name is v15", "", "v15"},
		{"an older release is unknown", "v13", ""},
		{"a newer release is unknown", "v17", ""},
		{"a full version is unknown", "15.55.1", ""},
		{"names are told apart by case", "V15", ""},
		{"blanks are not taken off", " v15", ""},
	} {
		p, ok := Lookup(c.name)
		if ok != (c.want != "") || ok != (p != nil) || ok && p.Name != c.want {
			t.Errorf("%s: %q gives %+v, %v", c.behaviour, c.name, p, ok)
		}
	}
}

func TestEveryReleaseIsComplete(t *testing.T) {
	t.Parallel()
	version, clock := regexp.MustCompile(`^\d+\.\d+\.\d+(-dev)?$`), regexp.MustCompile(`^\d+:[0-5]\d$`)
	for _, p := range []*Profile{V14(), V15(), V16()} {
		for what, ok := range map[string]bool{
			"the version begins with the release's number": version.MatchString(p.Version) && strings.HasPrefix("v"+p.Version, p.Name+"."),
			"there are rules of lists and of counts":       p.Rules != nil && p.CountRules != nil,
			"random names are made as in the release":      p.HashName == p.Name,
			"lists are sorted by a standard column":        p.SortDefault == "modified" || p.SortDefault == "creation",
			"the index is on the column that lists are sorted by": p.IndexModified == (p.SortDefault == "modified") &&
				p.IndexCreation == (p.SortDefault == "creation"),
			"the home page is a path":               strings.HasPrefix(p.Desk, "/"),
			"the session's expiry is hours:minutes": clock.MatchString(p.SessionExpiry),
			"a delete's ok has a key":               p.DeleteKey == "message" || p.DeleteKey == "data",
			"OAuth Clients have a role":             p.OAuthDefaultRole != "",
			"refusals have words":                   p.NoOutgoingEmail != "" && p.ReadOnlyText != "",
			"what belongs to v2 is there with v2": p.V2 || !p.V2Nulls && !p.V2DocsInMethods && !p.CopyRoute && !p.EngineList &&
				!p.StripOnV2Update && p.RawRules == nil && !p.LinkText && !p.MetaRowTables && !p.NameSetOnV2Create,
		} {
			if !ok {
				t.Errorf("%s: not so: %s", p.Name, what)
			}
		}
	}
}

// later are the switches of releases after those recorded: 16.4 sets them.
var later = map[string]bool{}

// A field that is the same in all releases is no difference between them.
func TestEveryFieldTellsReleasesApart(t *testing.T) {
	t.Parallel()
	all := []reflect.Value{reflect.ValueOf(*V14()), reflect.ValueOf(*V15()), reflect.ValueOf(*V16())}
	for i := range all[0].NumField() {
		field := all[0].Type().Field(i)
		same := func(a, b reflect.Value) bool {
			return reflect.DeepEqual(a.Field(i).Interface(), b.Field(i).Interface())
		}
		if same(all[0], all[1]) && same(all[1], all[2]) != later[field.Name] {
			t.Errorf("%s is %v in every release, and one of a later release: %v", field.Name, all[0].Field(i), later[field.Name])
		}
	}
}

// What changes a profile, as tests and sites do, must not change the next one's.
func TestProfilesAreNotShared(t *testing.T) {
	t.Parallel()
	for _, name := range []string{"v14", "v15", "v16"} {
		a, _ := Lookup(name)
		b, _ := Lookup(name)
		if a == b || a.Rules == b.Rules || a.CountRules == b.CountRules || a.RawRules != nil && a.RawRules == b.RawRules {
			t.Errorf("%s: two look-ups share what can be changed", name)
		}
	}
}

// A field that no code reads changes nothing, and code that asks for the release's name
// belongs into a field.
func TestReleasesDifferByFieldsAlone(t *testing.T) {
	t.Parallel()
	var code strings.Builder
	asks := regexp.MustCompile(`(?m)^.*(\.Name|\.Version|Compat\(\)) *[!=]= *"v?1[3-7].*$`)
	err := filepath.WalkDir(filepath.Join("..", ".."), func(path string, e fs.DirEntry, err error) error {
		if err != nil || e.IsDir() && (e.Name() == "testdata" || e.Name() == ".git" || e.Name() == "compat") {
			return cmp.Or(err, fs.SkipDir)
		}
		if e.IsDir() || !strings.HasSuffix(path, ".go") || strings.HasSuffix(path, "_test.go") {
			return nil
		}
		text, err := os.ReadFile(path)
		for _, line := range asks.FindAllString(string(text), -1) {
			t.Errorf("%s asks for the release: %s", path, strings.TrimSpace(line))
		}
		code.Write(text)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	all := code.String()
	fields := reflect.TypeOf(Profile{})
	for i := range fields.NumField() {
		if name := fields.Field(i).Name; !regexp.MustCompile(`\.` + name + `\b`).MatchString(all) {
			t.Errorf("no code reads %s", name)
		}
	}
}
