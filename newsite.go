package freddo

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"time"

	"freddo/document"
	"freddo/internal/builtin/core"
	"freddo/internal/compat"
	"freddo/internal/engine"
	"freddo/internal/site"
)

// NewSiteOptions describe a new site.
type NewSiteOptions struct {
	// AdminPassword is the password of the user Administrator.
	AdminPassword string
	// DB is a database URL, mariadb://user:password@host:port/name or postgres://…;
	// empty means SQLite in the site's folder. The database is created where it is
	// missing; one that exists must be empty.
	DB string
	// Compat is the release to speak: v14, v15 (the default) or v16.
	Compat string
	// TimeZone is the site's time zone, UTC by default.
	TimeZone string
	// Config are further keys of the site's site_config.json.
	Config map[string]any
	// Progress is told how far the work is; nil stays quiet.
	Progress Progress
	// fast gives up durability, for tests.
	fast bool
}

// NewSite creates a site in a folder that holds none: configuration, tables, shipped
// DocTypes and records, and the users Administrator and Guest. When it fails, what
// it made is removed again.
func NewSite(ctx context.Context, dir string, o NewSiteOptions) error {
	if o.AdminPassword == "" {
		return errors.New("a new site needs a password for Administrator")
	}
	profile, ok := compat.Lookup(o.Compat)
	if !ok {
		return fmt.Errorf("release %q: want v14, v15 or v16", o.Compat)
	}
	if o.TimeZone == "" {
		o.TimeZone = "UTC"
	}
	if _, err := time.LoadLocation(o.TimeZone); err != nil {
		return fmt.Errorf("time zone %q: %w", o.TimeZone, err)
	}
	_, err := os.Stat(dir)
	fresh := errors.Is(err, os.ErrNotExist)
	if err := site.Free(dir); err != nil {
		return err
	}
	at, err := newPlace(ctx, o.DB)
	if err != nil {
		return err
	}
	values := at.config()
	for k, v := range o.Config {
		values[k] = v
	}
	values["compat"] = profile.Name
	if _, err = site.Create(dir, values); err == nil {
		err = install(ctx, dir, o)
	}
	if err != nil {
		return fmt.Errorf("create site: %w", errors.Join(err, undo(ctx, dir, fresh, at)))
	}
	return nil
}

// undo removes a site that was not finished; a folder that was there before stays.
func undo(ctx context.Context, dir string, fresh bool, at place) error {
	err := at.remove(context.WithoutCancel(ctx), dir)
	if fresh {
		return errors.Join(err, os.RemoveAll(dir))
	}
	_ = os.Remove(filepath.Join(dir, site.ConfigFile))
	return err
}

func install(ctx context.Context, dir string, o NewSiteOptions) error {
	app, err := New(Config{Site: dir, Unsafe: o.fast})
	if err != nil {
		return err
	}
	defer app.Close()
	if err := app.engine.Install(ctx, engine.Progress(o.Progress)); err != nil {
		return err
	}
	if err := app.engine.InstallUsers(ctx, o.AdminPassword); err != nil {
		return err
	}
	return app.engine.Do(ctx, "Administrator", func(ctx context.Context, c *engine.Call) error {
		if err := c.SetValue(ctx, "System Settings", "System Settings", "time_zone", document.Text(o.TimeZone)); err != nil {
			return err
		}
		return core.InstallDefaults(ctx, c)
	})
}
