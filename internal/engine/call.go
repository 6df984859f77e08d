// Package engine owns what one request may do to documents: Call (who asks, in
// which transaction, in which release), the life of a document (get.go, insert.go,
// save.go, delete.go…), naming and validation. It knows nothing of HTTP, and calls
// upward only through the hooks handed to it at assembly. Start with Call.
package engine

import (
	"context"
	"crypto/rand"
	"encoding/hex"
	"log/slog"
	"net/http"
	"net/netip"
	"time"

	"freddo/doctype"
	"freddo/document"
	"freddo/exc"
	"freddo/internal/compat"
	"freddo/internal/files"
	"freddo/internal/meta"
	"freddo/internal/perm"
	"freddo/internal/query"
	"freddo/internal/site"
	"freddo/internal/storage"
)

// Engine is what all calls share. Its fields are set at assembly and not changed.
type Engine struct {
	DB      *storage.DB
	Meta    *meta.Store
	Perm    *perm.Store
	Profile *compat.Profile
	Rules   *query.Rules
	// RawRules are the rules of v16's v2 list; nil in other releases.
	RawRules *query.Rules
	Site     *site.Site
	// Files are the site's files.
	Files *files.Manager
	Log   *slog.Logger
	Hooks *Hooks
	// Watch hears of what other processes change; nil where there are none.
	Watch *Watch
	// Now is the clock; site time is Now in Zone.
	Now  func() time.Time
	Zone *time.Location

	links linkedCache
}

// Request is what a call knows of the client's request. The zero Request is an
// internal call.
type Request struct {
	Method, Path, Scheme, Host, RemoteIP string
	// Part says that this is a request of a batch, which begins and ends no sessions.
	Part bool
	// Query is the raw query of the address.
	Query string
	// V2 says that the path is under /api/v2: errors take that form.
	V2     bool
	Header http.Header
	// Body is the raw body, read within its limit.
	Body []byte
	// Files are the parts of a multipart body that carry files, by part name.
	Files map[string]*File
}

// Network is the client's address as it is counted by: of IPv6 the first half, since
// whoever has one address there has a whole network of them. "" within the server.
func (r *Request) Network() string {
	a, err := netip.ParseAddr(r.RemoteIP)
	if err != nil || a.Is4() {
		return r.RemoteIP
	}
	p, _ := a.Prefix(64)
	return p.String()
}

// File is one uploaded part.
type File struct {
	Name, ContentType string
	Data              *files.Temp
}

// Call is one unit of work: a user, a transaction, a release, and what is to be
// answered. It lives for one request and is not safe for concurrent use.
type Call struct {
	*Engine
	Tx      *storage.Tx
	User    string
	Request *Request
	// Form is upstream's form_dict: the merged arguments in order.
	Form *document.Object
	// Session is the session that the request rides on; Guest's when there is none.
	Session *Session
	// Messages is the message log.
	Messages []exc.Message
	// Debug is the debug log (the SQL of debug=1).
	Debug []string
	// Stream takes parts of a long list before the list is complete; nil where the
	// answer has to wait for the whole.
	Stream storage.Sink
	// Reserve takes memory for what the call is about to hold, in bytes, waiting until
	// there is some; nil takes none. What it has taken is given back after the answer.
	Reserve func(ctx context.Context, n int64) error
	// ReserveSpace is Reserve for bytes on the disk.
	ReserveSpace func(ctx context.Context, n int64) error
	// Heavy does work that takes a processor for long, in its turn; nil does it at once.
	Heavy func(ctx context.Context, work func() error) error
	// Prepared is what was done outside the call's transactions; nil where the call cannot
	// begin anew.
	Prepared *Prepared
	// Response collects what code sets beside its return value.
	Response Response
	// Whole says that several requests share the call and stand or fall together.
	Whole bool
	// Limits narrow the call below its user's rights; nil does not.
	Limits *Limits
	// Mapping is what a mapper is called with.
	Mapping Mapping
	// Persist makes the call commit even for a safe verb (upstream: flags.commit).
	Persist bool

	after            []func(ctx context.Context)
	changed          []Topic
	committed        bool
	stage            *files.Stage
	memo             memo
	metaGen, permGen int64
}

// Session is what a call knows of its session. Source: frappe/sessions.py.
type Session struct {
	SID, User, FullName, UserType, UserImage, CSRFToken, Language string
	// Expired says that the client's sid was unknown or too old.
	Expired bool
	// Fresh says that this request created the session.
	Fresh bool
	// Lifetime is how long the cookie is good for.
	Lifetime time.Duration
}

// Response is what code answers beside its return value.
type Response struct {
	// Status is the HTTP status; 0 means 200.
	Status int
	// Keys are extra top-level keys, in order.
	Keys document.Object
	// Docs are the documents under the key docs, as ready JSON.
	Docs [][]byte
	// Kind is "" (JSON), "redirect", "page", "download" or "raw" (with ContentType and
	// Disposition), or "csv", "txt", "pdf" or "binary", whose headers are upstream's.
	Kind string
	// Location is a redirect's target.
	Location string
	// Content, ContentType, Disposition and Filename make a download or raw answer.
	Content                            []byte
	ContentType, Disposition, Filename string
	// Stream, when not nil, is sent instead of Content, in the ranges that the client
	// asks for, and closed.
	Stream files.File
	// Title and Content make a page.
	Title string
	// Header are extra headers.
	Header [][2]string
	// KeepCookies leaves the client's cookies as they are.
	KeepCookies bool
	// NewSession, when not nil, is sent as cookies; ClearCookies expires them.
	NewSession   *Session
	ClearCookies bool
}

// JSON is a return value that is JSON already, in the release's format.
type JSON []byte

// WithNulls is a returned document that keeps its null fields.
type WithNulls struct{ Doc *document.Document }

// memo keeps what one call has looked up.
type memo struct {
	users map[string]*perm.User
	// usersDirty says that the call itself has changed users or their rights.
	usersDirty bool
	doctypes   map[string]*doctype.DocType
	// dirty are the DocTypes that the call itself has changed.
	dirty   map[string]bool
	singles map[string]*document.Document
	// trees are the DocTypes whose trees the call holds (lockTree).
	trees map[string]bool
	// locked is the document that was read with a lock last.
	locked locked
	// hashPrefix begins the random names that the call makes (v16).
	hashPrefix string
}

// locked is a document as it was read with a lock when the transaction's Tx.Changes
// were at.
type locked struct {
	d  *document.Document
	at int64
}

// Begin starts a call of user. The transaction does no I/O until it is used.
func (e *Engine) Begin(ctx context.Context, user string) *Call {
	return &Call{Engine: e, Tx: e.DB.Begin(ctx), User: user, Request: &Request{}, Form: &document.Object{},
		Session: &Session{SID: "Guest", User: user}, metaGen: e.Meta.Generation(), permGen: e.Perm.Generation()}
}

// Do runs fn as user and commits, or rolls back when fn fails.
func (e *Engine) Do(ctx context.Context, user string, fn func(ctx context.Context, c *Call) error) error {
	c := e.Begin(ctx, user)
	defer c.Rollback()
	if err := fn(ctx, c); err != nil {
		return err
	}
	return c.Commit(ctx)
}

// Commit makes the call's writes durable, then runs the after-commit functions.
func (c *Call) Commit(ctx context.Context) error { return c.commit(ctx, c.Tx.Commit) }

// CommitNow commits what was written so far and lets the call go on, as upstream's
// explicit commits do.
func (c *Call) CommitNow(ctx context.Context) error {
	if c.Whole && c.Tx.Writing() {
		return errWhole
	}
	c.committed = c.committed || c.Tx.Writing()
	return c.commit(ctx, c.Tx.CommitAndContinue)
}

func (c *Call) commit(ctx context.Context, commit func(ctx context.Context) error) error {
	if err := c.countChanges(ctx); err != nil {
		c.Rollback()
		return err
	}
	if err := c.publishFiles(); err != nil {
		c.Rollback()
		return err
	}
	c.memo.trees = nil
	if err := commit(ctx); err != nil {
		c.undoFiles()
		return err
	}
	c.finishFiles()
	after := c.after
	c.after = nil
	for _, fn := range after {
		fn(ctx)
	}
	return nil
}

// Committed reports whether the call has committed something before its end.
func (c *Call) Committed() bool { return c.committed }

// Rollback drops the call's writes, its files and its after-commit functions. After a
// commit it does nothing.
func (c *Call) Rollback() {
	c.Tx.Rollback()
	c.undoFiles()
	c.after, c.changed = nil, nil
}

// AfterCommit runs fn once the call's writes are durable.
func (c *Call) AfterCommit(fn func(ctx context.Context)) { c.after = append(c.after, fn) }

// Msgprint adds a message to the log. Source: frappe/__init__.py msgprint.
func (c *Call) Msgprint(m exc.Message) { c.Messages = append(c.Messages, m) }

// SetUser changes who the call acts for.
func (c *Call) SetUser(user string) {
	c.User = user
}

// SiteNow is the present in site time.
func (c *Call) SiteNow() time.Time { return c.Now().In(c.Zone) }

// Stamp is the present as creation and modified keep it.
func (c *Call) Stamp() string { return c.SiteNow().Format("2006-01-02 15:04:05.000000") }

// Today is the present date, YYYY-MM-DD.
func (c *Call) Today() string { return c.SiteNow().Format("2006-01-02") }

// RandomHex returns n hex digits from the system's random source.
// Source: frappe/__init__.py generate_hash.
func RandomHex(n int) string {
	b := make([]byte, (n+1)/2)
	_, _ = rand.Read(b) // never fails since Go 1.24
	return hex.EncodeToString(b)[:n]
}
