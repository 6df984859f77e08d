package freddo

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"freddo/internal/site"
	"freddo/internal/storage"
	"freddo/internal/storage/mariadb"
	"freddo/internal/storage/netdb"
	"freddo/internal/storage/postgres"
	"freddo/internal/storage/sqlite"
)

// openDatabase opens the database that a site's configuration names: db_type is sqlite
// (the default), mariadb or postgres.
func openDatabase(s *site.Site, unsafe bool) (*storage.DB, error) {
	ctx := context.Background()
	switch t := s.Config().Str("db_type"); t {
	case "", "sqlite":
		return sqlite.Open(s.Path(dbFile), sqlite.Options{Unsafe: unsafe})
	case "mariadb":
		return mariadb.Open(ctx, netdb.FromConfig(s.Config()), mariadb.Options{})
	case "postgres":
		return postgres.Open(ctx, netdb.FromConfig(s.Config()), postgres.Options{})
	default:
		return nil, fmt.Errorf("%s: db_type is %q: want sqlite, mariadb or postgres", site.ConfigFile, t)
	}
}

// place is where a new site's database is to be.
type place struct {
	server *netdb.Address // nil for SQLite in the site's folder
	made   bool           // the database did not exist before
}

// newPlace reads a database URL and makes sure of an empty database there.
func newPlace(ctx context.Context, url string) (place, error) {
	if url == "" || strings.HasPrefix(url, "sqlite:") {
		return place{}, nil
	}
	a, err := netdb.ParseURL(url)
	if err != nil {
		return place{}, err
	}
	if a.Name == "" {
		return place{}, errors.New("the database URL names no database: add /name")
	}
	create := mariadb.Create
	if a.Type == "postgres" {
		create = postgres.Create
	}
	p := place{server: &a}
	p.made, err = create(ctx, a)
	return p, err
}

// config is what site_config.json says of the place.
func (p place) config() map[string]any {
	if p.server == nil {
		return map[string]any{"db_type": "sqlite"}
	}
	return p.server.Values()
}

// remove takes back what a site that was not finished has left in its database.
func (p place) remove(ctx context.Context, dir string) error {
	switch {
	case p.server == nil:
		for _, name := range []string{dbFile, dbFile + "-wal", dbFile + "-shm", dbFile + ".lock"} {
			_ = os.Remove(filepath.Join(dir, name))
		}
		return nil
	case p.server.Type == "postgres":
		return postgres.Drop(ctx, *p.server, !p.made)
	}
	return mariadb.Drop(ctx, *p.server, !p.made)
}
