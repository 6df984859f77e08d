// Package freddo assembles a server that speaks the Frappe Framework's HTTP API. Make
// a site with NewSite, open it with New, serve it with Run or Handler. Everything it
// is made of lies in the packages that ARCHITECTURE.md lists.
package freddo

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"os"
	"sync/atomic"
	"time"

	"freddo/document"
	"freddo/internal/account"
	"freddo/internal/auth"
	"freddo/internal/builtin"
	"freddo/internal/builtin/file"
	"freddo/internal/compat"
	"freddo/internal/demo"
	"freddo/internal/engine"
	"freddo/internal/files"
	"freddo/internal/httpapi"
	"freddo/internal/mail"
	"freddo/internal/meta"
	"freddo/internal/method"
	"freddo/internal/oauth"
	"freddo/internal/perm"
	"freddo/internal/sanitize"
	"freddo/internal/site"
)

// dbFile is the SQLite database's name in a site's folder.
const dbFile = "site.db"

// Config says what to open and how. Site is required.
type Config struct {
	// Site is the site's folder.
	Site string
	// Addr is the address that Run listens on; empty means 127.0.0.1:8000.
	Addr string
	// Logger receives what happens; nil logs warnings and errors to standard error.
	Logger *slog.Logger
	// Now is the clock; nil means the system's.
	Now func() time.Time
	// Unsafe gives up durability: a crash may lose what was acknowledged. For tests.
	Unsafe bool
}

// App is an open site. Close it.
type App struct {
	// OnListen, when set, is told the address once Run listens.
	OnListen func(url string)

	cfg     Config
	engine  *engine.Engine
	methods *method.Registry
	server  *httpapi.Server
	mail    *mail.Mailer
	auth    *auth.Store
	account *account.Service
	oauth   *oauth.Provider
	log     *slog.Logger
	// started says that hooks may no longer be added.
	started atomic.Bool
}

// New opens a site. Errors: no site in the folder, a release that is not known,
// another process that uses the site.
func New(cfg Config) (*App, error) {
	s, err := site.Open(cfg.Site)
	if err != nil {
		return nil, err
	}
	profile, ok := compat.Lookup(s.Config().Str("compat"))
	if !ok {
		return nil, fmt.Errorf("%s: compat is %q: want v14, v15 or v16", site.ConfigFile, s.Config().Str("compat"))
	}
	if cfg.Logger == nil {
		cfg.Logger = slog.New(slog.NewTextHandler(os.Stderr, &slog.HandlerOptions{Level: slog.LevelWarn}))
	}
	if cfg.Now == nil {
		cfg.Now = time.Now
	}
	db, err := openDatabase(s, cfg.Unsafe)
	if err != nil {
		return nil, err
	}
	store, err := meta.NewStore(profile)
	if err != nil {
		return nil, errors.Join(err, db.Close())
	}
	stored, err := files.Open(s.Dir)
	if err != nil {
		return nil, errors.Join(err, db.Close())
	}
	stored.Unsafe = cfg.Unsafe
	if err := openBucket(s, stored, cfg.Logger); err != nil {
		return nil, errors.Join(err, stored.Close(), db.Close())
	}
	app := &App{cfg: cfg, log: cfg.Logger, methods: method.NewRegistry()}
	app.engine = &engine.Engine{DB: db, Meta: store, Perm: perm.NewStore(), Profile: profile, Site: s, Files: stored, Log: cfg.Logger,
		Hooks: engine.NewHooks(), Now: cfg.Now, Zone: time.UTC}
	if kind := s.Config().Str("db_type"); kind != "" && kind != "sqlite" { // SQLite's file belongs to one process
		app.engine.Watch = engine.NewWatch(db, cfg.Logger)
	}
	app.engine.Rules, app.engine.RawRules = profile.Rules, profile.RawRules
	app.assemble()
	if err := app.readZone(); err != nil {
		return nil, errors.Join(err, db.Close())
	}
	return app, nil
}

// assemble puts hooks, methods and the server together.
func (a *App) assemble() {
	a.engine.WatchCaches()
	vault := auth.NewVault(a.engine.Site)
	store := auth.New(a.engine, vault)
	a.engine.Hooks.Secrets = vault
	a.engine.Hooks.Sanitize = sanitize.Rules{SortAttributes: a.engine.Profile.SanitizeSorts, Mark: !a.engine.Profile.SanitizeSorts,
		KeepStyle: !a.engine.Profile.SanitizeSorts, Tel: a.engine.Profile.SanitizeTel}.HTML
	store.Register(a.engine.Hooks)
	builtin.Register(a.engine.Hooks, a.methods)
	if c := a.engine.Site.Config(); c.Bool("demo") || c.Bool("demo_complete") {
		demo.Register(a.engine.Hooks)
	}
	httpapi.Register(a.methods, a.engine.Profile, store)
	a.mail = mail.New(a.log)
	p := a.engine.Profile
	a.account = account.New(store, a.mail)
	a.account.Register(a.engine.Hooks, a.methods, account.Profile{EmailLinkPost: p.EmailLinkPost, Impersonation: p.Impersonation, ClearSession: p.ClearSession})
	provider := oauth.New(a.engine, store)
	provider.Register(a.engine.Hooks, a.methods)
	a.auth, a.oauth = store, provider
	a.server = &httpapi.Server{Engine: a.engine, Methods: a.methods, Auth: store, WellKnown: provider.WellKnown, PrivateFile: file.Private}
}

// readZone takes the site's time zone from System Settings. A site that is being
// created has none yet.
func (a *App) readZone() error {
	return a.engine.Do(context.Background(), perm.Administrator, func(ctx context.Context, c *engine.Call) error {
		if ok, err := c.Tx.TableExists(ctx, "tabDocType"); err != nil || !ok {
			return err
		}
		v, err := c.Setting(ctx, "System Settings", "time_zone")
		if err != nil {
			return err
		}
		if zone, err := time.LoadLocation(document.ToText(v)); err == nil {
			a.engine.Zone = zone
		}
		return nil
	})
}

// Compat is the release that the site speaks: v14, v15 or v16.
func (a *App) Compat() string { return a.engine.Profile.Name }

// ReloadConfig looks at site_config.json now instead of at the next request that is due
// to look.
func (a *App) ReloadConfig() { a.engine.Site.Refresh() }

// SetAddr changes the address that Run will listen on.
func (a *App) SetAddr(addr string) { a.cfg.Addr = addr }

// Handler returns the application as an http.Handler.
func (a *App) Handler() http.Handler {
	a.started.Store(true)
	return a.server.Handler()
}

// Close closes the site.
func (a *App) Close() error {
	a.account.Close()
	a.mail.Close()
	return errors.Join(a.server.Close(), a.engine.Files.Close(), a.engine.DB.Close())
}

// shutdownTime is how long Run waits for requests under way.
const shutdownTime = 20 * time.Second

// Run serves HTTP until ctx ends, then lets the requests under way finish and closes
// the site.
func (a *App) Run(ctx context.Context) (err error) {
	defer func() { err = errors.Join(err, a.Close()) }()
	addr := a.cfg.Addr
	if addr == "" {
		addr = "127.0.0.1:8000"
	}
	l, err := new(net.ListenConfig).Listen(ctx, "tcp", addr)
	if err != nil {
		return fmt.Errorf("%w; choose another address with --addr", err)
	}
	srv, l := a.httpServer(l)
	if a.OnListen != nil {
		a.OnListen("http://" + l.Addr().String())
	}
	cleaning := make(chan struct{})
	cleanCtx, endCleaning := context.WithCancel(ctx)
	go func() {
		defer close(cleaning)
		a.cleanUpUntil(cleanCtx)
	}()
	defer func() {
		endCleaning()
		<-cleaning
	}()
	failed := make(chan error, 1)
	go func() { failed <- srv.Serve(l) }()
	select {
	case err := <-failed:
		return err
	case <-ctx.Done():
	}
	stop, cancel := context.WithTimeout(context.WithoutCancel(ctx), shutdownTime)
	defer cancel()
	return srv.Shutdown(stop)
}

// Migrate brings the site's tables and shipped DocTypes up to date.
func (a *App) Migrate(ctx context.Context, progress Progress) error {
	return a.engine.Migrate(ctx, engine.Progress(progress))
}

// GenerateKeys gives a user an API key and a new secret.
func (a *App) GenerateKeys(ctx context.Context, user string) (key, secret string, err error) {
	err = a.engine.Do(ctx, perm.Administrator, func(ctx context.Context, c *engine.Call) error {
		key, secret, err = c.GenerateKeys(ctx, user)
		return err
	})
	return key, secret, err
}

// Methods lists the whitelisted methods by their dotted names.
func Methods() []string {
	methods, _ := everyMethod()
	return methods.Names()
}

// DocMethods lists the whitelisted methods of documents as DocType.method; those that
// documents of every DocType have stand under *.
func DocMethods() []string {
	_, hooks := everyMethod()
	return hooks.DocMethods()
}

// MethodsMarkdown describes the whitelisted methods as the page docs/methods.md.
func MethodsMarkdown() string {
	methods, _ := everyMethod()
	return methods.Markdown()
}

// everyMethod is a registry of the methods that all sites have, and of those of documents.
func everyMethod() (*method.Registry, *engine.Hooks) {
	r, hooks := method.NewRegistry(), engine.NewHooks()
	builtin.Register(hooks, r)
	httpapi.Register(r, compat.V15(), nil)
	e := &engine.Engine{Profile: compat.V15()}
	store := auth.New(e, nil)
	store.Register(hooks)
	account.New(store, nil).Register(hooks, r, account.Profile{Impersonation: true})
	oauth.New(e, store).Register(hooks, r)
	return r, hooks
}
