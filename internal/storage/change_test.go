package storage

import "testing"

func TestTarget(t *testing.T) {
	t.Parallel()
	for _, row := range []struct{ sql, want string }{
		{"UPDATE `tabUser Permission` SET `user` = ?", "User Permission"},
		{`DELETE FROM "tabHas Role" WHERE "parent" = $1`, "Has Role"},
		{`INSERT INTO "__Auth" ("doctype") VALUES (?)`, "__Auth"},
		{"INSERT INTO `tabSingles` (`doctype`) VALUES (?)", "Singles"},
		{"ANALYZE", ""},
	} {
		if got := target(row.sql); got != row.want {
			t.Errorf("%s: %q, want %q", row.sql, got, row.want)
		}
	}
}
