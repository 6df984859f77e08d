// Command shop is a small shop API on Freddo: two DocTypes, three methods of its own, a
// document method and a hook, beside everything that Frappe's API has for them.
//
//	go run ./examples/shop --dir ./shop-site
//	curl http://127.0.0.1:8000/api/method/shop.api.public_status
package main

import (
	"context"
	"embed"
	"errors"
	"flag"
	"fmt"
	"io/fs"
	"os"
	"os/signal"
	"path/filepath"

	"freddo"
	"freddo/document"
)

//go:embed doctypes
var doctypes embed.FS

func main() {
	if err := run(); err != nil {
		fmt.Fprintln(os.Stderr, "shop:", err)
		os.Exit(1)
	}
}

func run() error {
	dir := flag.String("dir", "shop-site", "the site's folder, made on first use")
	addr := flag.String("addr", "127.0.0.1:8000", "the address to listen on")
	release := flag.String("compat", "v15", "the Frappe release to speak: v14, v15, v16")
	password := flag.String("admin-password", "admin", "Administrator's password on a new site")
	flag.Parse()
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	app, err := open(ctx, *dir, *release, *password)
	if err != nil {
		return err
	}
	app.SetAddr(*addr)
	app.OnListen = func(url string) { fmt.Println("shop listens on", url) }
	return app.Run(ctx)
}

// open opens the shop's site, making it where there is none, and adds the shop's code.
func open(ctx context.Context, dir, release, password string) (*freddo.App, error) {
	if _, err := os.Stat(filepath.Join(dir, "site_config.json")); errors.Is(err, fs.ErrNotExist) {
		if err := freddo.NewSite(ctx, dir, freddo.NewSiteOptions{AdminPassword: password, Compat: release}); err != nil {
			return nil, err
		}
	}
	app, err := freddo.New(freddo.Config{Site: dir})
	if err != nil {
		return nil, err
	}
	if err := setup(ctx, app); err != nil {
		return nil, errors.Join(err, app.Close())
	}
	register(app)
	return app, nil
}

// setup brings roles and DocTypes up to date. It may run at every start.
func setup(ctx context.Context, app *freddo.App) error {
	err := app.Do(ctx, "Administrator", func(ctx context.Context, c *freddo.Call) error {
		if ok, err := c.Exists(ctx, "Role", "Shop Clerk"); ok || err != nil {
			return err
		}
		role, err := c.New(ctx, "Role")
		if err != nil {
			return err
		}
		role.Set("role_name", document.Text("Shop Clerk"))
		return c.Insert(ctx, role)
	})
	if err != nil {
		return err
	}
	return app.DocTypes(doctypes)
}
