// Package dbtest gives tests databases of their own on the servers that the
// environment names. Start with Server.
package dbtest

import (
	"context"
	"crypto/rand"
	"encoding/hex"
	"os"
	"testing"

	"freddo/internal/storage/mariadb"
	"freddo/internal/storage/netdb"
	"freddo/internal/storage/postgres"
)

// Required is the variable that turns the skip of a test without its server into a
// failure; scripts/test sets it.
const Required = "FREDDO_TEST_DATABASES"

// variables name the servers' URLs, as scripts/databases sets them.
var variables = map[string]string{"mariadb": "FREDDO_TEST_MARIADB", "postgres": "FREDDO_TEST_POSTGRES"}

// Server returns the address of the server of a kind (mariadb, postgres). Without one
// the test is skipped, or fails where Required is set.
func Server(t testing.TB, kind string) netdb.Address {
	t.Helper()
	url := os.Getenv(variables[kind])
	if url == "" {
		text := "no " + kind + ": run the tests under scripts/databases run, which sets " + variables[kind]
		if os.Getenv(Required) != "" {
			t.Fatal(text)
		}
		t.Skip(text)
	}
	a, err := netdb.ParseURL(url)
	if err != nil {
		t.Fatalf("%s: %v", variables[kind], err)
	}
	return a
}

// Kinds lists the databases that the environment names, sqlite first; where Required
// is set, all of them.
func Kinds() []string {
	out := []string{"sqlite"}
	for _, kind := range []string{"mariadb", "postgres"} {
		if os.Getenv(variables[kind]) != "" || os.Getenv(Required) != "" {
			out = append(out, kind)
		}
	}
	return out
}

// Name returns the address with a database name that is free. What is made there is
// dropped at the test's end.
func Name(t testing.TB, a netdb.Address) netdb.Address {
	t.Helper()
	a.Name = FreeName()
	t.Cleanup(func() {
		if err := Drop(a); err != nil {
			t.Errorf("drop %s: %v", a.Name, err)
		}
	})
	return a
}

// FreeName returns a name that no database has.
func FreeName() string {
	var b [8]byte
	_, _ = rand.Read(b[:])
	return "freddo_test_" + hex.EncodeToString(b[:])
}

// Drop removes a database.
func Drop(a netdb.Address) error {
	if a.Type == "postgres" {
		return postgres.Drop(context.Background(), a, false)
	}
	return mariadb.Drop(context.Background(), a, false)
}

// Empty makes an empty database.
func Empty(t testing.TB, kind string) netdb.Address {
	t.Helper()
	a := Name(t, Server(t, kind))
	create := mariadb.Create
	if kind == "postgres" {
		create = postgres.Create
	}
	if _, err := create(context.Background(), a); err != nil {
		t.Fatal(err)
	}
	return a
}

// Copy makes a copy of a database that nobody uses; the caller drops it.
func Copy(from netdb.Address) (netdb.Address, error) {
	to, cp := from, mariadb.Copy
	to.Name = FreeName()
	if from.Type == "postgres" {
		cp = postgres.Copy
	}
	return to, cp(context.Background(), from, to.Name)
}
