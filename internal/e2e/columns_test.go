package e2e

import (
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"testing"
)

// TestNoFieldTakesADatabasesOwnName: names of columns that a database keeps for itself
// are refused as upstream refuses restricted ones, and nothing of the field is kept.
func TestNoFieldTakesADatabasesOwnName(t *testing.T) {
	t.Parallel()
	eachSite(t, func(s *site) {
		s.vaults()
		for _, name := range []string{"rowid", "oid", "_rowid_", "ctid", "xmin", "tableoid"} {
			code, body := s.do(http.MethodPost, "/api/resource/Custom%20Field", fmt.Sprintf(`{"dt":"Slip","label":"X","fieldname":%q,"fieldtype":"Data"}`, name))
			if code != http.StatusOK && code != http.StatusExpectationFailed {
				s.Errorf("Custom Field %s: %d %s", name, code, body)
			}
			there, _ := s.do(http.MethodGet, "/api/resource/Custom%20Field/Slip-"+name, "")
			if (there == http.StatusOK) != (code == http.StatusOK) {
				s.Errorf("Custom Field %s answered %d and reads %d", name, code, there)
			}
			code, body = s.do(http.MethodPost, "/api/resource/DocType", fmt.Sprintf(`{"name":"D %s","module":"Core","custom":1,"fields":[{"fieldname":%q,"fieldtype":"Data","label":"X"}],
				"permissions":[{"role":"System Manager","read":1,"write":1,"create":1}]}`, name, name))
			if code != http.StatusOK && code != http.StatusExpectationFailed {
				s.Errorf("DocType with %s: %d %s", name, code, body)
			}
		}
		s.must(http.MethodPost, "/api/resource/Slip", `{"name":"S9"}`)
	})
}

// TestADefaultWithNULBreaksNoStatement: a statement that makes a table ends at NUL, so
// such a default is none of the column's.
func TestADefaultWithNULBreaksNoStatement(t *testing.T) {
	t.Parallel()
	for _, release := range []string{"v14", "v15", "v16"} {
		t.Run(release, func(t *testing.T) {
			t.Parallel()
			s := newSite(t, "sqlite", release)
			s.vaults()
			s.must(http.MethodPost, "/api/resource/Custom%20Field", `{"dt":"Slip","label":"X","fieldname":"nul","fieldtype":"Data","default":"a\u0000b"}`)
			s.must(http.MethodPost, "/api/resource/Slip", `{"name":"S9"}`)
			if got := s.field("Slip", "S9", "nul"); got != "a\x00b" {
				t.Errorf("the default is %q", got)
			}
		})
	}
}

// TestOthersDoNotReadTheDatabase: SQLite's files are for the user and the group.
func TestOthersDoNotReadTheDatabase(t *testing.T) {
	t.Parallel()
	s := newSite(t, "sqlite", "v15")
	s.must(http.MethodPost, "/api/resource/ToDo", `{"description":"x"}`)
	found := 0
	for _, pattern := range []string{"*.db", "*.db-*"} {
		names, _ := filepath.Glob(filepath.Join(s.dir, pattern))
		for _, name := range names {
			info, err := os.Stat(name)
			if err != nil {
				t.Fatal(err)
			}
			found++
			if info.Mode().Perm()&0o007 != 0 {
				t.Errorf("%s has mode %v", filepath.Base(name), info.Mode())
			}
		}
	}
	if found == 0 {
		t.Error("no database found")
	}
}
