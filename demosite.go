package freddo

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"

	"freddo/document"
	"freddo/internal/demo"
	"freddo/internal/engine"
	"freddo/internal/site"
)

// DemoSite is an open demo site and how to get into it.
type DemoSite struct {
	App *App
	// Password is Administrator's; User, Key and Secret are those of the API user.
	Password, User, Key, Secret string
}

const (
	demoPassword = "admin"
	demoUser     = "demo@example.com"
)

// OpenDemo creates the demo site in a folder, or reopens it. A release other than
// the one it was made for is refused.
func OpenDemo(ctx context.Context, dir, release string, progress Progress) (*DemoSite, error) {
	return OpenDemoOn(ctx, dir, release, "", progress)
}

// OpenDemoOn is OpenDemo with the database that a new demo site is to have, as in
// NewSiteOptions.DB.
func OpenDemoOn(ctx context.Context, dir, release, db string, progress Progress) (*DemoSite, error) {
	s, err := site.Open(dir)
	switch {
	case errors.Is(err, fs.ErrNotExist) || errors.Is(err, site.ErrNoSite):
		if err := makeDemo(ctx, dir, release, db, progress); err != nil {
			return nil, err
		}
		if s, err = site.Open(dir); err != nil {
			return nil, err
		}
	case err != nil:
		return nil, err
	}
	if have := s.Config().Str("compat"); release != "" && have != release {
		return nil, fmt.Errorf("%s holds a %s site; give --compat %s, or another folder with --dir", dir, have, have)
	}
	if !s.Config().Bool("demo_complete") {
		return nil, fmt.Errorf("%s holds a site that is not a finished demo; remove the folder or give another with --dir", dir)
	}
	app, err := New(Config{Site: dir})
	if err != nil {
		return nil, err
	}
	return &DemoSite{App: app, Password: demoPassword, User: demoUser, Key: s.Config().Str("demo_key"), Secret: s.Config().Str("demo_secret")}, nil
}

// makeDemo creates the site, installs the demo's DocTypes, seeds the data and makes
// the API user. What is half done is removed again.
func makeDemo(ctx context.Context, dir, release, db string, progress Progress) error {
	if err := NewSite(ctx, dir, NewSiteOptions{AdminPassword: demoPassword, Compat: release, DB: db}); err != nil {
		return err
	}
	if err := fillDemo(ctx, dir, progress); err != nil {
		return errors.Join(err, os.RemoveAll(dir))
	}
	return nil
}

func fillDemo(ctx context.Context, dir string, progress Progress) error {
	s, err := site.Open(dir)
	if err != nil {
		return err
	}
	if err := s.Set(map[string]any{"demo": true}); err != nil { // the demo's hooks are for this site
		return err
	}
	app, err := New(Config{Site: dir, Unsafe: true}) // seeding can be done again from the start
	if err != nil {
		return err
	}
	defer app.Close()
	if err := app.DocTypes(demo.DocTypes()); err != nil {
		return err
	}
	if err := demo.Seed(ctx, app.engine, engine.Progress(progress)); err != nil {
		return err
	}
	if err := app.addDemoUser(ctx); err != nil {
		return err
	}
	key, secret, err := app.GenerateKeys(ctx, demoUser)
	if err != nil {
		return err
	}
	return app.engine.Site.Set(map[string]any{"demo_complete": true, "demo_key": key, "demo_secret": secret})
}

func (a *App) addDemoUser(ctx context.Context) error {
	return a.engine.Do(ctx, "Administrator", func(ctx context.Context, c *engine.Call) error {
		roles := []document.Value{document.MapOf(document.NewObject("role", "Demo User")), document.MapOf(document.NewObject("role", "Desk User"))}
		d, err := c.FromObject(ctx, document.NewObject("doctype", "User", "email", demoUser, "first_name", "Demo", "last_name", "Integrator",
			"send_welcome_email", 0, "enabled", 1, "roles", roles))
		if err != nil {
			return err
		}
		return c.Insert(ctx, d)
	})
}
