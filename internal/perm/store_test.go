package perm

import (
	"context"
	"errors"
	"path/filepath"
	"slices"
	"sync"
	"testing"

	"freddo/doctype"
	"freddo/document"
	"freddo/internal/compat"
	"freddo/internal/meta"
	"freddo/internal/storage"
	"freddo/internal/storage/sqlite"
)

// tables is a database with the tables that this package reads, and nothing in them.
type tables struct {
	t     *testing.T
	db    *storage.DB
	types map[string]*doctype.DocType
	rows  int
}

func newTables(t *testing.T) *tables {
	t.Helper()
	db, err := sqlite.Open(filepath.Join(t.TempDir(), "site.db"), sqlite.Options{Unsafe: true})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = db.Close() })
	s := &tables{t: t, db: db, types: map[string]*doctype.DocType{}}
	s.write(func(ctx context.Context, tx *storage.Tx) error {
		if err := tx.CreateBase(ctx); err != nil {
			return err
		}
		for _, name := range []string{"User", "Role", "Has Role", "User Permission", "DocShare", "DefaultValue"} {
			o, err := meta.CoreObject(compat.V15(), name)
			if err != nil {
				return err
			}
			s.types[name] = doctype.FromProps(o)
			if _, err := tx.SyncTable(ctx, s.types[name], storage.SchemaOptions{}); err != nil {
				return err
			}
		}
		return nil
	})
	return s
}

func (s *tables) write(fn func(context.Context, *storage.Tx) error) {
	s.t.Helper()
	ctx := context.Background()
	tx := s.db.Begin(ctx)
	defer tx.Rollback()
	if err := fn(ctx, tx); err != nil {
		s.t.Fatal(err)
	}
	if err := tx.Commit(ctx); err != nil {
		s.t.Fatal(err)
	}
}

// add stores a row of alternating fields and values. Its creation grows with every row.
func (s *tables) add(dt string, pairs ...any) {
	s.t.Helper()
	s.rows++
	d := document.New(s.types[dt])
	d.SetName(dt + "-" + document.ToText(document.IntOf(int64(s.rows))))
	d.Set("creation", document.Text("2024-01-01 00:00:00.000"+document.ToText(document.IntOf(int64(100+s.rows)))))
	o := document.NewObject(pairs...)
	for _, k := range o.Keys() {
		d.Set(k, o.Get(k))
	}
	s.write(func(ctx context.Context, tx *storage.Tx) error { return tx.Insert(ctx, d, storage.WriteOptions{}) })
}

func (s *tables) user(name, kind string, roles ...string) {
	s.t.Helper()
	s.add("User", "name", name, "full_name", "Full "+name, "user_type", kind, "enabled", 1, "language", "de")
	for i, r := range roles {
		s.add("Has Role", "parent", name, "parenttype", "User", "parentfield", "roles", "idx", i+1, "role", r)
	}
}

// load reads a user through a store in a transaction of its own.
func (s *tables) load(store *Store, name string, below Below) *User {
	s.t.Helper()
	ctx := context.Background()
	tx := s.db.Begin(ctx)
	defer tx.Rollback()
	u, err := store.User(ctx, tx, store.Generation(), name, false, below)
	if err != nil {
		s.t.Fatal(err)
	}
	return u
}

func TestRolesOfUsers(t *testing.T) {
	t.Parallel()
	s := newTables(t)
	s.add("Role", "name", "Zeta")
	s.add("Role", "name", "Alpha", "disabled", 1)
	s.user("desk@example.com", "System User", "Zeta", "Alpha")
	s.user("web@example.com", "Website User", "Zeta")
	s.user("none@example.com", "Website User")
	s.user("liar@example.com", "Website User", Administrator, RoleDeskUser, RoleAll, Guest, "Zeta")
	s.user(Administrator, "System User", "Zeta")
	s.user(Guest, "Website User", "Zeta")
	s.add("Has Role", "parent", "none@example.com", "parenttype", "Page", "idx", 1, "role", "Zeta")
	for _, c := range []struct {
		behaviour, user string
		want            []string
	}{
		{"a System User has assigned roles in their order, All, Guest and Desk User", "desk@example.com", []string{"Zeta", "Alpha", RoleAll, Guest, RoleDeskUser}},
		{"a Website User is no Desk User", "web@example.com", []string{"Zeta", RoleAll, Guest}},
		{"a user without roles has the automatic ones, and not those of a page of that name", "none@example.com", []string{RoleAll, Guest}},
		{"stored automatic roles count for nothing", "liar@example.com", []string{"Zeta", RoleAll, Guest}},
		{"Administrator has every role there is, disabled ones too", Administrator, []string{"Alpha", "Zeta"}},
		{"Guest has the role Guest alone, whatever is stored", Guest, []string{Guest}},
		{"no user is Guest", "", []string{Guest}},
		{"an unknown user has the automatic roles only", "nobody@example.com", []string{RoleAll, Guest}},
	} {
		u := s.load(NewStore(), c.user, nil)
		if !slices.Equal(u.Roles, c.want) {
			t.Errorf("%s: got %v, want %v", c.behaviour, u.Roles, c.want)
		}
		for _, r := range []string{"Zeta", RoleAll, RoleDeskUser} {
			if want := u.Name == Administrator || slices.Contains(c.want, r); u.Has(r) != want {
				t.Errorf("%s: Has(%s) is %v", c.behaviour, r, !want)
			}
		}
	}
	u := s.load(NewStore(), "desk@example.com", nil)
	if u.FullName != "Full desk@example.com" || u.Language != "de" || !u.Enabled || !u.IsSystem() {
		t.Errorf("a user's own columns: %+v", u)
	}
	if u := s.load(NewStore(), "nobody@example.com", nil); u.Enabled || u.IsSystem() {
		t.Errorf("an unknown user is neither enabled nor a System User: %+v", u)
	}
}

// world is a tree: World over Europe over France; other names stand alone.
func world(_ context.Context, dt, name string) ([]string, bool, error) {
	if dt != "Territory" {
		return nil, false, nil
	}
	switch name {
	case "World":
		return []string{"Europe", "France"}, true, nil
	case "Europe":
		return []string{"France"}, true, nil
	}
	return nil, true, nil
}

func TestUserPermissionsAsLoaded(t *testing.T) {
	t.Parallel()
	s := newTables(t)
	permission := func(user, allow, value string, more ...any) {
		s.add("User Permission", append([]any{"user", user, "allow", allow, "for_value", value}, more...)...)
	}
	for _, name := range []string{"plain@x.com", "tree@x.com", "hidden@x.com", "bound@x.com", "default@x.com", "free@x.com"} {
		s.user(name, "System User")
	}
	s.user(Guest, "Website User")
	s.user(Administrator, "System User")
	permission("plain@x.com", "Company", "A", "apply_to_all_doctypes", 1)
	permission("plain@x.com", "Company", "B", "apply_to_all_doctypes", 0) // bookkeeping: no applicable_for
	permission("tree@x.com", "Territory", "Europe")
	permission("hidden@x.com", "Territory", "Europe", "hide_descendants", 1)
	permission("bound@x.com", "Territory", "Europe", "applicable_for", "Order", "apply_to_all_doctypes", 1)
	permission("default@x.com", "Territory", "Europe", "is_default", 1)
	permission(Guest, "Company", "A")
	permission(Administrator, "Company", "A")
	for _, c := range []struct {
		behaviour, user, target, dt string
		restricted                  bool
		want                        []string
	}{
		{"records of a user add up, whatever apply_to_all_doctypes says", "plain@x.com", "Company", "Order", true, []string{"A", "B"}},
		{"a user's records do not bind another user", "free@x.com", "Company", "Order", false, nil},
		{"a record says nothing about other DocTypes", "plain@x.com", "Territory", "Order", false, nil},
		{"what stands below an allowed node is allowed, what stands above is not", "tree@x.com", "Territory", "Order", true, []string{"Europe", "France"}},
		{"hide_descendants allows the node alone", "hidden@x.com", "Territory", "Order", true, []string{"Europe"}},
		{"descendants apply where their node does", "bound@x.com", "Territory", "Order", true, []string{"Europe", "France"}},
		{"descendants do not apply where their node does not", "bound@x.com", "Territory", "Invoice", false, nil},
		{"Guest has no User Permissions", Guest, "Company", "Order", false, nil},
		{"Administrator has no User Permissions", Administrator, "Company", "Order", false, nil},
	} {
		values, restricted := s.load(NewStore(), c.user, world).AllowedFor(c.target, c.dt)
		got := sortedKeys(values)
		if restricted != c.restricted || !slices.Equal(got, c.want) {
			t.Errorf("%s: got %v (restricted %v), want %v (%v)", c.behaviour, got, restricted, c.want, c.restricted)
		}
	}
	all := s.load(NewStore(), "default@x.com", world).Allowed["Territory"]
	if len(all) != 2 || !all[0].IsDefault || all[1].IsDefault {
		t.Errorf("the node is the default and its descendants are none: %+v", all)
	}
	if all := s.load(NewStore(), "hidden@x.com", world).Allowed["Territory"]; len(all) != 1 || !all[0].HideDescendant {
		t.Errorf("hide_descendants is kept: %+v", all)
	}
}

func sortedKeys(m map[string]bool) (out []string) {
	for k := range m {
		out = append(out, k)
	}
	slices.Sort(out)
	return out
}

func TestSharedDocuments(t *testing.T) {
	t.Parallel()
	s := newTables(t)
	share := func(name, user string, more ...any) {
		s.add("DocShare", append([]any{"share_doctype", "Order", "share_name", name, "user", user}, more...)...)
	}
	share("O-1", "ann@example.com", "read", 1, "write", 1)
	share("O-2", "ann@example.com", "read", 1, "submit", 1, "share", 1)
	share("O-3", "", "everyone", 1, "read", 1)
	share("O-3", "ann@example.com", "read", 1)
	share("O-4", "bob@example.com", "read", 1)
	share("O-5", "ann@example.com", "read", 0, "write", 1)
	share("O-6", Guest, "read", 1)
	s.add("DocShare", "share_doctype", "Invoice", "share_name", "I-1", "user", "ann@example.com", "read", 1)
	for _, c := range []struct {
		behaviour, dt, user string
		right               doctype.Right
		name                string
		want                []string
	}{
		{"a read share gives read, everyone's too and none twice", "Order", "ann@example.com", doctype.Read, "", []string{"O-1", "O-2", "O-3"}},
		{"another user has only what everyone has", "Order", "carl@example.com", doctype.Read, "", []string{"O-3"}},
		{"Guest has nothing that is shared with everyone", "Order", Guest, doctype.Read, "", []string{"O-6"}},
		{"a read share is no write share", "Order", "ann@example.com", doctype.Write, "", []string{"O-1", "O-5"}},
		{"a share to submit", "Order", "ann@example.com", doctype.Submit, "", []string{"O-2"}},
		{"a share to share", "Order", "ann@example.com", doctype.Share, "", []string{"O-2"}},
		{"print rides on read", "Order", "ann@example.com", doctype.Print, "", []string{"O-1", "O-2", "O-3"}},
		{"email rides on read", "Order", "ann@example.com", doctype.Email, "", []string{"O-1", "O-2", "O-3"}},
		{"shares of another DocType do not count", "Invoice", "ann@example.com", doctype.Read, "", []string{"I-1"}},
		{"one document that is shared", "Order", "ann@example.com", doctype.Read, "O-2", []string{"O-2"}},
		{"one document that is not", "Order", "ann@example.com", doctype.Read, "O-4", nil},
		{"one document that is shared without the right", "Order", "ann@example.com", doctype.Write, "O-2", nil},
	} {
		if got := s.shared(c.dt, c.user, c.right, c.name); !slices.Equal(got, c.want) {
			t.Errorf("%s: got %v, want %v", c.behaviour, got, c.want)
		}
	}
	for _, right := range []doctype.Right{doctype.Select, doctype.Create, doctype.Delete, doctype.Cancel, doctype.Amend, doctype.Report, doctype.Import, doctype.Export} {
		if got := s.shared("Order", "ann@example.com", right, ""); got != nil {
			t.Errorf("%s cannot be shared: got %v", right, got)
		}
	}
}

func (s *tables) shared(dt, user string, right doctype.Right, name string) []string {
	s.t.Helper()
	ctx := context.Background()
	tx := s.db.Begin(ctx)
	defer tx.Rollback()
	got, err := Shared(ctx, tx, dt, user, right, name)
	if err != nil {
		s.t.Fatal(err)
	}
	return got
}

func TestWhatTheCacheOfUsersKeeps(t *testing.T) {
	t.Parallel()
	s := newTables(t)
	s.user("ann@example.com", "System User")
	s.user("bob@example.com", "System User")
	s.add("User Permission", "user", "bob@example.com", "allow", "Territory", "for_value", "Europe")
	ctx := context.Background()
	// known says that the cache answers without the database.
	known := func(store *Store, name string) bool { return (*store.users.Load())[name] != nil }
	filled := func() *Store {
		store := NewStore()
		s.load(store, "ann@example.com", world)
		s.load(store, "bob@example.com", world)
		return store
	}
	const ann, bob = "ann@example.com", "bob@example.com"
	for _, c := range []struct {
		behaviour string
		change    func(*Store)
		ann, bob  bool
	}{
		{"nothing happens, both stay", func(*Store) {}, true, true},
		{"one user changes, the other stays", func(s *Store) { s.Invalidate(ann) }, false, true},
		{"all users change", func(s *Store) { s.Invalidate("") }, false, false},
		{"an unknown user changes", func(s *Store) { s.Invalidate("nobody@example.com") }, true, true},
		{"a tree changes that permissions stand on", func(s *Store) { s.TreeChanged("Territory") }, false, false},
		{"a tree changes that no permission stands on", func(s *Store) { s.TreeChanged("Department") }, true, true},
		{"some tree changes", func(s *Store) { s.TreesChanged() }, false, false},
	} {
		store := filled()
		before := store.Generation()
		c.change(store)
		if known(store, ann) != c.ann || known(store, bob) != c.bob {
			t.Errorf("%s: ann %v, bob %v, want %v, %v", c.behaviour, known(store, ann), known(store, bob), c.ann, c.bob)
		}
		if changed := store.Generation() != before; changed != (c.behaviour != "nothing happens, both stay") {
			t.Errorf("%s: the generation changes: %v", c.behaviour, changed)
		}
	}
	store := NewStore()
	if store.TreesChanged(); store.UsesTree("Territory") {
		t.Error("an empty cache uses no tree")
	}
	if !filled().UsesTree("Territory") || filled().UsesTree("Department") {
		t.Error("the cache knows the trees that its users' permissions stand on")
	}
	for _, c := range []struct {
		behaviour, user string
		gen             int64
		fresh, kept     bool
	}{
		{"a user is kept", ann, 0, false, true},
		{"a user read by a call that is older than the last change is not", ann, -1, false, false},
		{"a user read by a call that changed users is not", ann, 0, true, false},
		{"a user that does not exist is not", "nobody@example.com", 0, false, false},
		{"a user under another spelling is not", "ANN@example.com", 0, false, false},
	} {
		store := NewStore()
		tx := s.db.Begin(ctx)
		if _, err := store.User(ctx, tx, store.Generation()+c.gen, c.user, c.fresh, nil); err != nil {
			t.Fatal(err)
		}
		tx.Rollback()
		if known(store, c.user) != c.kept {
			t.Errorf("%s: kept is %v", c.behaviour, !c.kept)
		}
	}
}

func TestAUserThatCannotBeReadIsNotKept(t *testing.T) {
	t.Parallel()
	s := newTables(t)
	s.user("bob@example.com", "System User")
	s.add("User Permission", "user", "bob@example.com", "allow", "Territory", "for_value", "Europe")
	ctx, store, broken := context.Background(), NewStore(), errors.New("broken")
	tx := s.db.Begin(ctx)
	defer tx.Rollback()
	_, err := store.User(ctx, tx, 0, "bob@example.com", false, func(context.Context, string, string) ([]string, bool, error) { return nil, false, broken })
	if !errors.Is(err, broken) {
		t.Fatalf("got %v", err)
	}
	if len(*store.users.Load()) != 0 {
		t.Error("half a user was kept")
	}
}

// A call that reads while another changes the user keeps what it read for itself.
func TestAnOldSnapshotNeverEntersTheCacheOfUsers(t *testing.T) {
	t.Parallel()
	s := newTables(t)
	s.user("ann@example.com", "System User")
	s.add("User Permission", "user", "ann@example.com", "allow", "Territory", "for_value", "Europe")
	ctx, store := context.Background(), NewStore()
	for what, change := range map[string]func(){
		"the user":          func() { store.Invalidate("ann@example.com") },
		"all users":         func() { store.Invalidate("") },
		"a tree not in use": func() { store.TreeChanged("Territory") },
		"some tree":         store.TreesChanged,
	} {
		store.Invalidate("")
		store.trees = map[string]bool{}
		tx := s.db.Begin(ctx)
		gen := store.Generation()
		_, err := store.User(ctx, tx, gen, "ann@example.com", false, func(ctx context.Context, dt, name string) ([]string, bool, error) {
			change() // another call commits after this one has read the roles
			return world(ctx, dt, name)
		})
		tx.Rollback()
		if err != nil {
			t.Fatal(err)
		}
		if (*store.users.Load())["ann@example.com"] != nil {
			t.Errorf("%s changed meanwhile, and the old user was kept", what)
		}
	}
}

// Readers load while a writer takes roles away and invalidates. At the end the cache
// must answer as the database does.
func TestUsersAreLoadedAndInvalidatedAtOnce(t *testing.T) {
	t.Parallel()
	s := newTables(t)
	const name = "ann@example.com"
	s.user(name, "System User", "Clerk")
	ctx, store := context.Background(), NewStore()
	stop := make(chan struct{})
	var readers sync.WaitGroup
	for range 4 {
		readers.Go(func() {
			for {
				select {
				case <-stop:
					return
				default:
				}
				gen := store.Generation()
				tx := s.db.Begin(ctx)
				if _, err := store.User(ctx, tx, gen, name, false, nil); err != nil {
					t.Error(err)
				}
				tx.Rollback()
			}
		})
	}
	for i := range 60 {
		role := "Clerk"
		if i%2 == 0 {
			role = "Manager"
		}
		s.write(func(ctx context.Context, tx *storage.Tx) error {
			b := storage.NewBuilder(tx.Dialect()).SQL("UPDATE ").Table("Has Role").SQL(" SET ").Ident("role").SQL(" = ").Str(role)
			_, err := tx.Exec(ctx, b)
			return err
		})
		store.Invalidate(name)
		if u := s.load(store, name, nil); !u.Has(role) {
			t.Errorf("round %d: after the commit and the invalidation the roles are %v", i, u.Roles)
		}
	}
	close(stop)
	readers.Wait()
}

func TestTheCacheOfUsersIsBounded(t *testing.T) {
	t.Parallel()
	s := newTables(t)
	s.user("ann@example.com", "System User")
	store := NewStore()
	full := make(map[string]*User, maxUsers)
	for i := range maxUsers {
		full[document.ToText(document.IntOf(int64(i)))] = &User{}
	}
	store.users.Store(&full)
	u := s.load(store, "ann@example.com", nil)
	if kept := *store.users.Load(); len(kept) != 1 || kept["ann@example.com"] != u {
		t.Errorf("beyond the bound everything else is forgotten: %d users", len(kept))
	}
}
