package freddo

import (
	"context"
	"fmt"
	"io"
	"log/slog"
	"math/rand/v2"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"freddo/doctype"
	"freddo/document"
	"freddo/exc"
	"freddo/internal/engine"
	"freddo/internal/perm"
	"freddo/internal/query"
)

// world is a site with random rules, users and documents.
type world struct {
	t     *testing.T
	app   *App
	r     *rand.Rand
	areas []string
	users []string
	notes []string
}

const (
	worldRounds = 8
	worldRoles  = 4
)

// TestListShowsExactlyWhatGetAllows generates roles, DocPerm rows, shares, User
// Permissions and documents, and compares for every user and document: it is in the
// list exactly when a read of it is allowed. Upstream's own exceptions are not
// generated: select without read (lists, but no reads), ownership on one of the two
// only, and links in child rows, which lists never look at.
func TestListShowsExactlyWhatGetAllows(t *testing.T) {
	t.Parallel()
	for _, release := range []string{"v14", "v15", "v16"} {
		t.Run(release, func(t *testing.T) {
			t.Parallel()
			app := worldSite(t, release)
			shown, hidden := 0, 0
			for round := range worldRounds {
				seed := uint64(round)
				w := &world{t: t, app: app, r: rand.New(rand.NewPCG(seed, 7))}
				w.build(round)
				s, h := w.compare(seed)
				shown, hidden = shown+s, hidden+h
			}
			if shown < 100 || hidden < 100 {
				t.Errorf("%d shown, %d hidden: the world is too dull to prove anything", shown, hidden)
			}
		})
	}
}

func worldSite(t *testing.T, release string) *App {
	t.Helper()
	dir := filepath.Join(t.TempDir(), "site")
	if err := NewSite(context.Background(), dir, NewSiteOptions{AdminPassword: "admin", Compat: release, fast: true}); err != nil {
		t.Fatal(err)
	}
	app, err := New(Config{Site: dir, Unsafe: true, Logger: slog.New(slog.NewTextHandler(io.Discard, nil))})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = app.Close() })
	return app
}

func (w *world) do(fn func(ctx context.Context, c *engine.Call) error) {
	w.t.Helper()
	if err := w.app.engine.Do(context.Background(), perm.Administrator, fn); err != nil {
		w.t.Fatal(err)
	}
}

// insert stores a document as Administrator and returns its name.
func (w *world) insert(pairs ...any) string {
	w.t.Helper()
	var name string
	w.do(func(ctx context.Context, c *engine.Call) error {
		d, err := c.FromObject(ctx, document.NewObject(pairs...))
		if err != nil {
			return err
		}
		err = c.Insert(ctx, d)
		name = d.Name()
		return err
	})
	return name
}

func (w *world) one(in []string) string  { return in[w.r.IntN(len(in))] }
func (w *world) chance(percent int) bool { return w.r.IntN(100) < percent }
func flag(b bool) int {
	if b {
		return 1
	}
	return 0
}

func field(name, kind, options string) document.Value {
	return document.MapOf(document.NewObject("fieldname", name, "fieldtype", kind, "label", name, "options", options))
}

// perms are random rows of level 0 for the roles of this round.
func (w *world) perms(round int) []document.Value {
	rows := []document.Value{document.MapOf(document.NewObject("role", "System Manager", "read", 1, "write", 1, "create", 1, "delete", 1))}
	for i := range worldRoles {
		if !w.chance(70) {
			continue
		}
		rows = append(rows, document.MapOf(document.NewObject("role", role(round, i), "read", 1, "write", 1, "create", 1,
			"select", flag(w.chance(30)), "if_owner", flag(w.chance(40)))))
	}
	if w.chance(30) {
		rows = append(rows, document.MapOf(document.NewObject("role", perm.Guest, "read", 1, "if_owner", flag(w.chance(50)))))
	}
	return rows
}

func role(round, i int) string { return fmt.Sprintf("World Role %d-%d", round, i) }

func (w *world) build(round int) {
	for i := range worldRoles {
		w.insert("doctype", "Role", "role_name", role(round, i), "desk_access", 1)
	}
	area, note := fmt.Sprintf("World Area %d", round), fmt.Sprintf("World Note %d", round)
	parent := "parent_" + doctype.Scrub(area)
	w.insert("doctype", "DocType", "name", area, "module", "Core", "custom", 1, "autoname", "field:title", "is_tree", 1,
		"fields", []document.Value{field("title", "Data", ""), field("is_group", "Check", ""), field(parent, "Link", area)},
		"permissions", w.perms(round))
	w.insert("doctype", "DocType", "name", note, "module", "Core", "custom", 1, "autoname", "field:title",
		"fields", []document.Value{field("title", "Data", ""), field("area", "Link", area), field("second", "Link", area), field("boss", "Link", "User")},
		"permissions", w.perms(round))
	for i := range 10 {
		pairs := []any{"doctype", area, "title", fmt.Sprintf("A%d-%d", round, i), "is_group", 1}
		if len(w.areas) > 0 && w.chance(80) {
			pairs = append(pairs, parent, w.one(w.areas))
		}
		w.areas = append(w.areas, w.insert(pairs...))
	}
	w.makeUsers(round)
	for i := range 25 {
		pairs := []any{"doctype", note, "title", fmt.Sprintf("N%d-%d", round, i)}
		for _, f := range []string{"area", "second"} {
			if w.chance(65) {
				pairs = append(pairs, f, w.one(w.areas))
			}
		}
		if w.chance(30) {
			pairs = append(pairs, "boss", w.one(w.users))
		}
		w.notes = append(w.notes, w.insert(pairs...))
	}
	w.own(area, w.areas)
	w.own(note, w.notes)
	w.restrict(area, note)
	w.share(area, w.areas)
	w.share(note, w.notes)
}

func (w *world) makeUsers(round int) {
	for i := range 6 {
		var roles []document.Value
		for k := range worldRoles {
			if w.chance(35) {
				roles = append(roles, document.MapOf(document.NewObject("role", role(round, k))))
			}
		}
		w.users = append(w.users, w.insert("doctype", "User", "email", fmt.Sprintf("w%d-%d@example.com", round, i), "first_name", "W", "send_welcome_email", 0, "roles", roles))
	}
}

// own gives documents to random users; some to Guest.
func (w *world) own(dt string, names []string) {
	owners := append([]string{perm.Guest, perm.Administrator}, w.users...)
	w.do(func(ctx context.Context, c *engine.Call) error {
		for _, n := range names {
			if err := c.SetValue(ctx, dt, n, "owner", document.Text(w.one(owners))); err != nil {
				return err
			}
		}
		return nil
	})
}

// restrict makes random User Permissions, strict or not.
func (w *world) restrict(area, note string) {
	w.do(func(ctx context.Context, c *engine.Call) error {
		d, err := c.GetForUpdate(ctx, "System Settings", "System Settings")
		if err != nil {
			return err
		}
		d.Set("apply_strict_user_permissions", document.IntOf(int64(flag(w.chance(40)))))
		return c.Save(ctx, d)
	})
	seen := map[string]bool{}
	for range 8 {
		user, allow, value := w.one(w.users), area, w.one(w.areas)
		switch {
		case w.chance(20):
			allow, value = note, w.one(w.notes)
		case w.chance(10):
			allow, value = "User", w.one(w.users)
		}
		pairs := []any{"doctype", "User Permission", "user", user, "allow", allow, "for_value", value, "hide_descendants", flag(w.chance(30))}
		if w.chance(30) {
			pairs = append(pairs, "apply_to_all_doctypes", 0, "applicable_for", w.one([]string{area, note}))
		}
		if key := fmt.Sprint(user, allow, value); !seen[key] {
			seen[key] = true
			w.insert(pairs...)
		}
	}
}

func (w *world) share(dt string, names []string) {
	seen := map[string]bool{}
	for range 6 {
		name, user := w.one(names), w.one(w.users)
		if seen[name+user] {
			continue
		}
		seen[name+user] = true
		pairs := []any{"doctype", "DocShare", "share_doctype", dt, "share_name", name, "read", 1}
		if w.chance(15) {
			pairs = append(pairs, "everyone", 1)
		} else {
			pairs = append(pairs, "user", user)
		}
		w.insert(pairs...)
	}
}

// compare asks every user for every document, one way and the other.
func (w *world) compare(seed uint64) (shown, hidden int) {
	for _, user := range append([]string{perm.Guest, perm.Administrator}, w.users...) {
		for dt, names := range map[string][]string{w.typeOf("Area"): w.areas, w.typeOf("Note"): w.notes} {
			list := w.list(user, dt)
			for _, n := range names {
				may, listed := w.may(user, dt, n), slices.Contains(list, n)
				if may != listed {
					w.t.Errorf("seed %d: %s %s for %s: read allowed %v, listed %v", seed, dt, n, user, may, listed)
				}
				if may {
					shown++
				} else {
					hidden++
				}
			}
		}
	}
	return shown, hidden
}

func (w *world) typeOf(kind string) string {
	round, _, _ := strings.Cut(strings.TrimPrefix(w.areas[0], "A"), "-")
	return "World " + kind + " " + round
}

// list is what GET /api/resource/DT shows; a refusal shows nothing.
func (w *world) list(user, dt string) []string {
	c := w.app.engine.Begin(context.Background(), user)
	defer c.Rollback()
	meta, err := c.DocType(context.Background(), dt)
	if err != nil {
		w.t.Fatal(err)
	}
	res, err := c.List(context.Background(), query.Request{DocType: meta, Limit: -1})
	if exc.Is(err, exc.Permission) {
		return nil
	}
	if err != nil {
		w.t.Fatal(err)
	}
	v, err := document.ParseJSON(string(res.JSON))
	if err != nil {
		w.t.Fatal(err)
	}
	var out []string
	for _, row := range v.List() {
		out = append(out, row.Map().Str("name"))
	}
	return out
}

// may says whether GET /api/resource/DT/name is allowed.
func (w *world) may(user, dt, name string) bool {
	ctx := context.Background()
	c := w.app.engine.Begin(ctx, user)
	defer c.Rollback()
	d, err := c.Get(ctx, dt, name)
	if err != nil {
		w.t.Fatal(err)
	}
	err = c.CheckRead(ctx, d, doctype.Read)
	if err != nil && !exc.Is(err, exc.Permission) {
		w.t.Fatal(err)
	}
	return err == nil
}
