// Package perm owns who may do what: roles, DocPerm, permlevels, if_owner, User
// Permissions and shares. It answers yes or no for a document, and a condition for a
// list; the words that clients see are internal/engine's. Start with Store.User and
// Evaluate.
package perm

import (
	"context"
	"sync"
	"sync/atomic"

	"freddo/document"
	"freddo/internal/storage"
)

// The users that always exist and the roles nobody needs to be given.
const (
	Administrator = "Administrator"
	Guest         = "Guest"
	RoleAll       = "All"
	RoleDeskUser  = "Desk User"
)

// User is what permission checks know of a user. Treat it as read-only.
type User struct {
	Name, FullName, UserType, Image, Language string
	Enabled                                   bool
	// RestrictIP holds the prefixes of the addresses that the user may come from, with
	// commas; BypassIP frees from them who logs in with two factors.
	RestrictIP string
	BypassIP   bool
	// Roles are the assigned and the automatic roles, in upstream's order.
	Roles []string
	// Allowed are the User Permissions by DocType.
	Allowed map[string][]Allowed
	// Defaults are the values that new documents take for Link fields of these names:
	// the user's own, else the system's.
	Defaults map[string]string
	roles    map[string]bool
	trees    []string
	// everywhere holds the allowed values of DocTypes whose permissions apply to all
	// DocTypes, ready to be asked for every document.
	everywhere map[string]map[string]bool
}

// Allowed is one User Permission.
type Allowed struct {
	Value, ApplicableFor      string
	IsDefault, HideDescendant bool
}

// Has reports whether the user has a role.
func (u *User) Has(role string) bool { return u.Name == Administrator || u.roles[role] }

// IsSystem reports whether the user is a System User.
func (u *User) IsSystem() bool { return u.UserType == "System User" }

// Store caches users. It is safe for concurrent use.
type Store struct {
	mu    sync.Mutex
	users atomic.Pointer[map[string]*User]
	gen   atomic.Int64
	// trees are the DocTypes whose descendants some cached user's permissions include.
	trees map[string]bool
}

// Below returns the names below a node; tree is false for DocTypes without nodes.
type Below func(ctx context.Context, dt, name string) (names []string, tree bool, err error)

// NewStore returns an empty cache.
func NewStore() *Store {
	s := &Store{trees: map[string]bool{}}
	empty := map[string]*User{}
	s.users.Store(&empty)
	return s
}

// maxUsers bounds the cache; beyond it everything is forgotten.
const maxUsers = 10_000

// Generation changes with every invalidation; see meta.Store.Generation.
func (s *Store) Generation() int64 { return s.gen.Load() }

// Invalidate forgets a user, or all users for an empty name. Call it after commit.
func (s *Store) Invalidate(user string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.gen.Add(1)
	next := map[string]*User{}
	if user != "" {
		for k, v := range *s.users.Load() {
			if k != user {
				next[k] = v
			}
		}
	}
	s.users.Store(&next)
}

// TreeChanged forgets what depends on the descendants in a tree. Call it after the
// commit that moved, added or removed a node.
func (s *Store) TreeChanged(dt string) {
	s.mu.Lock()
	used := s.trees[dt]
	if !used {
		s.gen.Add(1) // what is being read now may be older, and must not be kept
	}
	s.mu.Unlock()
	if used {
		s.Invalidate("")
	}
}

// TreesChanged is TreeChanged for any tree.
func (s *Store) TreesChanged() {
	s.mu.Lock()
	used := len(s.trees) > 0
	s.gen.Add(1)
	s.mu.Unlock()
	if used {
		s.Invalidate("")
	}
}

// UsesTree reports whether some cached user's permissions include descendants in dt.
func (s *Store) UsesTree(dt string) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.trees[dt]
}

// User returns a user with roles and User Permissions, loading it through tx when
// it is not cached. fresh passes by the cache: the transaction has changed users. A
// user that does not exist has the automatic roles only, and is not cached.
func (s *Store) User(ctx context.Context, tx *storage.Tx, gen int64, name string, fresh bool, below Below) (*User, error) {
	if u := (*s.users.Load())[name]; u != nil && !fresh {
		return u, nil
	}
	u, kept, err := load(ctx, tx, name, below)
	if err != nil {
		return nil, err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, dt := range u.trees {
		s.trees[dt] = true
	}
	if s.gen.Load() != gen || fresh || !kept {
		return u, nil
	}
	next := map[string]*User{name: u}
	if old := *s.users.Load(); len(old) < maxUsers {
		for k, v := range old {
			next[k] = v
		}
		next[name] = u
	}
	s.users.Store(&next)
	return u, nil
}

// load reads a user. kept says that it may be cached: it exists, spelled like this. The
// database finds it under other spellings too, but only the stored one is invalidated.
func load(ctx context.Context, tx *storage.Tx, name string, below Below) (u *User, kept bool, err error) {
	u = &User{Name: name, roles: map[string]bool{}, Allowed: map[string][]Allowed{}}
	var stored, full, kind, image, lang, enabled, restrict, bypass document.Value
	b := storage.NewBuilder(tx.Dialect()).SQL("SELECT ").Ident("name").SQL(", ").Ident("full_name").SQL(", ").Ident("user_type").SQL(", ").
		Ident("user_image").SQL(", ").Ident("language").SQL(", ").Ident("enabled").SQL(", ").Ident("restrict_ip").SQL(", ").
		Ident("bypass_restrict_ip_check_if_2fa_enabled").SQL(" FROM ").Table("User").
		SQL(" WHERE ").Ident("name").SQL(" = ").Arg(document.Text(name))
	if _, err := tx.QueryRow(ctx, b, &stored, &full, &kind, &image, &lang, &enabled, &restrict, &bypass); err != nil {
		return nil, false, err
	}
	kept = document.ToText(stored) == name
	u.FullName, u.UserType, u.Image, u.Language = document.ToText(full), document.ToText(kind), document.ToText(image), document.ToText(lang)
	u.Enabled = document.Cint(enabled) != 0
	u.RestrictIP, u.BypassIP = document.ToText(restrict), document.Cint(bypass) != 0
	if err := u.loadRoles(ctx, tx); err != nil {
		return nil, false, err
	}
	for _, r := range u.Roles {
		u.roles[r] = true
	}
	if err := u.loadDefaults(ctx, tx); err != nil {
		return nil, false, err
	}
	if name == Administrator || name == Guest {
		return u, kept, nil
	}
	return u, kept, u.loadAllowed(ctx, tx, below)
}

// automatic roles are never taken from Has Role.
var automatic = map[string]bool{RoleAll: true, Guest: true, RoleDeskUser: true, Administrator: true}

// loadRoles follows frappe/permissions.py get_roles.
func (u *User) loadRoles(ctx context.Context, tx *storage.Tx) error {
	if u.Name == Guest || u.Name == "" {
		u.Roles = []string{Guest}
		return nil
	}
	b := storage.NewBuilder(tx.Dialect())
	if u.Name == Administrator {
		b.SQL("SELECT ").Ident("name").SQL(" FROM ").Table("Role").SQL(" ORDER BY ").Ident("name")
	} else {
		b.SQL("SELECT ").Ident("role").SQL(" FROM ").Table("Has Role").SQL(" WHERE ").Ident("parent").SQL(" = ").Arg(document.Text(u.Name)).
			SQL(" AND ").Ident("parenttype").SQL(" = ").Arg(document.Text("User")).SQL(" ORDER BY ").Ident("idx")
	}
	names, err := texts(ctx, tx, b)
	if err != nil {
		return err
	}
	if u.Name == Administrator {
		u.Roles = names
		return nil
	}
	for _, n := range names {
		if !automatic[n] {
			u.Roles = append(u.Roles, n)
		}
	}
	u.Roles = append(u.Roles, RoleAll, Guest)
	if u.IsSystem() {
		u.Roles = append(u.Roles, RoleDeskUser)
	}
	return nil
}

// loadAllowed follows frappe/core/doctype/user_permission get_user_permissions: below
// a node of a tree everything is allowed, too, unless the permission hides it.
func (u *User) loadAllowed(ctx context.Context, tx *storage.Tx, below Below) error {
	type row struct {
		allow string
		Allowed
	}
	b := storage.NewBuilder(tx.Dialect()).SQL("SELECT ").Ident("allow").SQL(", ").Ident("for_value").SQL(", ").
		Ident("applicable_for").SQL(", ").Ident("is_default").SQL(", ").Ident("hide_descendants").SQL(" FROM ").Table("User Permission").
		SQL(" WHERE ").Ident("user").SQL(" = ").Arg(document.Text(u.Name)).SQL(" ORDER BY ").Ident("creation")
	rows, err := tx.Query(ctx, b)
	if err != nil {
		return err
	}
	var all []row
	for rows.Next() {
		all = append(all, row{text(rows, 0), Allowed{Value: text(rows, 1), ApplicableFor: text(rows, 2),
			IsDefault: number(rows, 3) != 0, HideDescendant: number(rows, 4) != 0}})
	}
	err = rows.Err()
	rows.Close()
	if err != nil {
		return err
	}
	for _, r := range all {
		u.Allowed[r.allow] = append(u.Allowed[r.allow], r.Allowed)
		if r.HideDescendant || below == nil {
			continue
		}
		names, tree, err := below(ctx, r.allow, r.Value)
		if err != nil {
			return err
		}
		if tree {
			u.trees = append(u.trees, r.allow)
		}
		for _, n := range names {
			u.Allowed[r.allow] = append(u.Allowed[r.allow], Allowed{Value: n, ApplicableFor: r.ApplicableFor})
		}
	}
	u.indexAllowed()
	return nil
}

// indexAllowed fills everywhere.
func (u *User) indexAllowed() {
	u.everywhere = map[string]map[string]bool{}
	for target, all := range u.Allowed {
		values := make(map[string]bool, len(all))
		for _, a := range all {
			if a.ApplicableFor != "" {
				values = nil
				break
			}
			values[a.Value] = true
		}
		if values != nil {
			u.everywhere[target] = values
		}
	}
}

func text(rows storage.Rows, i int) string { return document.ToText(rows.Raw(i).Value(textClass)) }
func number(rows storage.Rows, i int) int64 {
	return document.Cint(rows.Raw(i).Value(intClass))
}

func texts(ctx context.Context, tx *storage.Tx, b *storage.Builder) ([]string, error) {
	rows, err := tx.Query(ctx, b)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	var out []string
	for rows.Next() {
		out = append(out, text(rows, 0))
	}
	return out, rows.Err()
}
