package core

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strings"

	"freddo/doctype"
	"freddo/document"
	"freddo/exc"
	"freddo/internal/builtin/quirk"
	"freddo/internal/engine"
	"freddo/internal/perm"
	"freddo/internal/query"
	"freddo/internal/storage"
)

// registerUser hooks the controller of User.
// Source: frappe/core/doctype/user/user.py.
func registerUser(h *engine.Hooks) {
	h.On("User", engine.Autoname, nameUser)
	h.On("User", engine.BeforeInsert, throttleUsers)
	h.On("User", engine.Validate, validateUser)
	h.On("User", engine.OnUpdate, updateUser)
	h.On("User", engine.OnTrash, trashUser)
	h.On("User", engine.BeforeRename, refuseStandardRename)
	h.On("User", engine.AfterRename, renameUser)
	h.HasPermission("User", mayTouchUser)
	h.QueryCondition("User", hideStandardUsers)
}

func isStandardUser(name string) bool { return name == perm.Administrator || name == perm.Guest }

// nameUser names a user by the lower-cased address.
func nameUser(_ context.Context, _ *engine.Call, d *document.Document) error {
	email := strings.ToLower(strings.TrimSpace(d.Text("email")))
	d.Set("email", document.Text(email))
	d.SetName(email)
	return nil
}

// throttleUsers bounds how many users are made in an hour.
// Source: user.py throttle_user_creation.
func throttleUsers(ctx context.Context, c *engine.Call, _ *document.Document) error {
	limit := c.Site.Config().Int("throttle_user_limit")
	if limit == 0 {
		limit = 60
	}
	since := c.SiteNow().Add(-hour).Format("2006-01-02 15:04:05.000000")
	b := storage.NewBuilder(c.Tx.Dialect()).SQL("SELECT COUNT(*) FROM ").Table("User").SQL(" WHERE ").Ident("creation").SQL(" > ").Str(since)
	var n document.Value
	if _, err := c.Tx.QueryRow(ctx, b, &n); err != nil {
		return err
	}
	if document.Cint(n) > limit {
		return exc.Validation.Throw("Throttled")
	}
	return nil
}

// validateUser follows user.py User.validate.
func validateUser(ctx context.Context, c *engine.Call, d *document.Document) error {
	d.Set("__new_password", d.Get("new_password"))
	d.Set("new_password", document.Text(""))
	if !isStandardUser(d.Name()) {
		d.Set("email", document.Text(d.Name()))
		if err := c.CheckEmail(d.Name()); err != nil {
			return err
		}
	}
	for _, step := range []engine.Hook{
		keepIdentity, rolesFromProfiles, tellNoRoles, setUserType, cleanNames, setFullName, checkEnabled, uniqueRoles, setUsername, setLocale, setSocialID,
	} {
		if err := step(ctx, c, d); err != nil {
			return err
		}
	}
	return nil
}

// bound are the fields at permission level 0 that bind a user, or say to others who the
// user is.
var bound = []string{"simultaneous_sessions", "bypass_restrict_ip_check_if_2fa_enabled", "last_password_reset_date", "reset_password_key",
	"last_reset_password_key_generated_on", "last_ip", "last_login", "last_active"}

// keepIdentity takes back what users may not change of themselves. Everybody may write
// the own User, and upstream protects roles and keys alone, by their level: who could
// choose the id that OAuth clients know a user by would be anybody there.
func keepIdentity(ctx context.Context, c *engine.Call, d *document.Document) error {
	if d.Before == nil || d.Flags.IgnorePermissions {
		return nil
	}
	me, err := c.Me(ctx)
	if err != nil || me.Name == perm.Administrator || me.Has("System Manager") {
		return err
	}
	for _, f := range bound {
		if d.Type.Column(f) != nil {
			d.Set(f, d.Before.Get(f))
		}
	}
	if at := d.TableIndex("social_logins"); at >= 0 {
		d.SetRowsAt(at, d.Before.Rows("social_logins"))
	}
	return nil
}

// rolesFromProfiles replaces the roles by those of the user's role profiles.
// Source: user.py populate_role_profile_roles.
func rolesFromProfiles(ctx context.Context, c *engine.Call, d *document.Document) error {
	var profiles []string
	if quirk.Of(c.Profile).RoleProfiles {
		for _, row := range d.Rows("role_profiles") {
			profiles = append(profiles, row.Text("role_profile"))
		}
	} else if p := d.Text("role_profile_name"); p != "" {
		profiles = append(profiles, p)
	}
	if len(profiles) == 0 {
		return nil
	}
	have := map[string]*document.Document{}
	for _, row := range d.Rows("roles") {
		have[row.Text("role")] = row
	}
	rows := []*document.Document{}
	seen := map[string]bool{}
	for _, p := range profiles {
		profile, err := c.Get(ctx, "Role Profile", p)
		if err != nil {
			return err
		}
		for _, r := range profile.Rows("roles") {
			role := r.Text("role")
			if seen[role] {
				continue
			}
			seen[role] = true
			row := have[role]
			if row == nil {
				if row, err = newRow(ctx, c, d, "roles", len(rows)); err != nil {
					return err
				}
				row.Set("role", document.Text(role))
			}
			rows = append(rows, row)
		}
	}
	d.SetRowsAt(d.TableIndex("roles"), rows)
	return nil
}

// newRow makes a row for a document that is being saved: after naming, so it is named
// and stamped here.
func newRow(ctx context.Context, c *engine.Call, d *document.Document, table string, at int) (*document.Document, error) {
	row, err := d.AppendRow(table, func(name string) (*doctype.DocType, error) { return c.DocType(ctx, name) })
	if err != nil {
		return nil, err
	}
	row.SetName(engine.RandomName())
	for _, slot := range []int{doctype.SlotOwner, doctype.SlotCreation, doctype.SlotModified, doctype.SlotModifiedBy, doctype.SlotDocstatus} {
		row.SetAt(slot, d.At(slot))
	}
	row.SetAt(doctype.SlotIdx, document.IntOf(int64(at+1)))
	return row, nil
}

// tellNoRoles has a word about a new user without roles.
// Source: user.py check_roles_added.
func tellNoRoles(_ context.Context, c *engine.Call, d *document.Document) error {
	if kind := d.Text("user_type"); kind != "System User" || len(d.Rows("roles")) > 0 || !d.New {
		return nil
	}
	args, err := json.Marshal([]string{"Form", "User", d.Name()})
	if err != nil {
		return err
	}
	c.Msgprint(exc.Message{Text: fmt.Sprintf("Newly created user %s has no roles enabled.", engine.Bold(d.Name())), Title: "No Roles Specified",
		Indicator: "orange", Action: fmt.Sprintf(`{"label": "Add Roles", "client_action": "frappe.set_route", "args": %s}`, args)})
	return nil
}

// setUserType makes desk users of those whose roles open the desk.
// Source: user.py set_system_user.
func setUserType(ctx context.Context, c *engine.Call, d *document.Document) error {
	kind := "Website User"
	switch {
	case d.Name() == perm.Administrator:
		kind = "System User"
	case d.Name() == perm.Guest:
	default:
		if current := d.Text("user_type"); current != "" && current != "System User" && current != "Website User" {
			return nil // a User Type of its own
		}
		for _, row := range d.Rows("roles") {
			desk, err := c.Value(ctx, "Role", row.Text("role"), "desk_access")
			if err != nil {
				return err
			}
			if document.Cint(desk) != 0 {
				kind = "System User"
			}
		}
	}
	d.Set("user_type", document.Text(kind))
	return nil
}

// cleanNames takes the markup out of a user's names, which every client shows.
// Source: user.py clean_name.
func cleanNames(_ context.Context, _ *engine.Call, d *document.Document) error {
	for _, key := range []string{"first_name", "middle_name", "last_name"} {
		if v := d.Text(key); strings.Contains(v, "<") {
			d.Set(key, document.Text(engine.StripHTML(v)))
		}
	}
	return nil
}

func setFullName(_ context.Context, _ *engine.Call, d *document.Document) error {
	var parts []string
	for _, key := range []string{"first_name", "last_name"} {
		if v := d.Text(key); v != "" {
			parts = append(parts, v)
		}
	}
	d.Set("full_name", document.Text(strings.Join(parts, " ")))
	return nil
}

// checkEnabled keeps the standard users enabled, and ends the sessions of those who
// are switched off. Source: user.py check_enable_disable.
func checkEnabled(ctx context.Context, c *engine.Call, d *document.Document) error {
	if d.Int("enabled") != 0 {
		return nil
	}
	if isStandardUser(d.Name()) {
		return exc.Validation.Throwf("User %s cannot be disabled", d.Name())
	}
	return endSessions(ctx, c, d.Name())
}

// endSessions drops a user's stored sessions, but for the call's own.
func endSessions(ctx context.Context, c *engine.Call, user string) error {
	there, err := c.Tx.TableExists(ctx, "tabSessions")
	if err != nil || !there {
		return err
	}
	b := storage.NewBuilder(c.Tx.Dialect()).SQL("DELETE FROM ").Ident("tabSessions").SQL(" WHERE ").Ident("user").SQL(" = ").Str(user)
	if c.Session != nil {
		b.SQL(" AND ").Ident("sid").SQL(" <> ").Str(c.Session.SID)
	}
	_, err = c.Tx.Exec(ctx, b)
	return err
}

// uniqueRoles drops roles that stand twice, are empty or are disabled, and all of
// Guest's but its own. Source: user.py ensure_unique_roles, remove_disabled_roles,
// remove_all_roles_for_guest.
func uniqueRoles(ctx context.Context, c *engine.Call, d *document.Document) error {
	at := d.TableIndex("roles")
	if at < 0 || d.RowsAt(at) == nil {
		return nil
	}
	kept := []*document.Document{}
	seen := map[string]bool{}
	for _, row := range d.RowsAt(at) {
		role := row.Text("role")
		if role == "" || seen[role] || d.Name() == perm.Guest && role != perm.Guest {
			continue
		}
		off, err := c.Value(ctx, "Role", role, "disabled")
		if err != nil {
			return err
		}
		if document.Cint(off) != 0 {
			continue
		}
		seen[role] = true
		kept = append(kept, row)
	}
	d.SetRowsAt(at, kept)
	return nil
}

// setUsername proposes a username from the first name, and drops one that is taken.
// Source: user.py validate_username, suggest_username.
func setUsername(ctx context.Context, c *engine.Call, d *document.Document) error {
	if d.Text("username") == "" && d.New && d.Text("first_name") != "" {
		d.Set("username", document.Text(doctype.Scrub(d.Text("first_name"))))
	}
	name := strings.Trim(d.Text("username"), " @")
	if name == "" {
		return nil
	}
	d.Set("username", document.Text(name))
	rows, err := c.Rows(ctx, "User", []string{"name"}, document.NewObject("username", name), "")
	if err != nil {
		return err
	}
	for _, r := range rows {
		if r.PropText("name") != d.Name() {
			d.Set("username", document.Text(""))
			if !d.New {
				c.Msgprint(exc.Message{Text: fmt.Sprintf("Username %s already exists", name)})
			}
			return nil
		}
	}
	return nil
}

// setLocale fills language and time zone from the system's.
// Source: user.py set_time_zone; frappe/model/create_new.py for the language.
func setLocale(ctx context.Context, c *engine.Call, d *document.Document) error {
	if d.Text("time_zone") == "" {
		zone, err := TimeZone(ctx, c)
		if err != nil {
			return err
		}
		d.Set("time_zone", document.Text(zone))
	}
	if d.Text("language") == "" && d.New {
		lang, err := c.Setting(ctx, "System Settings", "language")
		if err != nil {
			return err
		}
		d.Set("language", lang)
	}
	return nil
}

// setSocialID gives every user an id that OAuth clients know the user by.
func setSocialID(ctx context.Context, c *engine.Call, d *document.Document) error {
	if isStandardUser(d.Name()) || d.TableIndex("social_logins") < 0 {
		return nil
	}
	rows := d.Rows("social_logins")
	for _, r := range rows {
		if r.Text("provider") == "frappe" {
			return nil
		}
	}
	row, err := newRow(ctx, c, d, "social_logins", len(rows))
	if err != nil {
		return err
	}
	row.Set("provider", document.Text("frappe"))
	row.Set("userid", document.Text(engine.RandomHex(39)))
	return nil
}

// hashAside hashes a password. That takes a processor a while, and nobody who writes waits
// for it: the request begins anew with the hash. What cannot begin anew any more (a part
// of a batch) makes it here.
func hashAside(ctx context.Context, c *engine.Call, user, plain string) (string, error) {
	type made struct{ plain, hash string }
	work := func(context.Context) (any, error) {
		hash, err := c.Hooks.Secrets.HashPassword(plain)
		if err != nil {
			return nil, fmt.Errorf("hash password: %w", err)
		}
		return made{plain, hash}, nil
	}
	v, err := c.Prepare(ctx, "password of "+user, work)
	m, ok := v.(made)
	if errors.Is(err, engine.ErrHolding) || ok && m.plain != plain {
		v, err = work(ctx)
		m, _ = v.(made)
	}
	return m.hash, err
}

// updateUser stores a new password and shares the user with itself. Source: user.py on_update.
func updateUser(ctx context.Context, c *engine.Call, d *document.Document) error {
	if plain := d.Text("__new_password"); plain != "" {
		hash, err := hashAside(ctx, c, d.Name(), plain)
		if err != nil {
			return err
		}
		if err := c.Tx.SetAuth(ctx, "User", d.Name(), "password", hash, false); err != nil {
			return err
		}
		d.Extra().Delete("__new_password")
		if d.Int("logout_all_sessions") != 0 && d.Before != nil {
			if err := endSessions(ctx, c, d.Name()); err != nil {
				return err
			}
		}
	}
	if isStandardUser(d.Name()) {
		return nil
	}
	_, err := AddShare(ctx, c, Share{DocType: "User", Name: d.Name(), User: d.Name(), Write: true, Share: true, Trusted: true})
	return err
}

// trashUser keeps the standard users and removes what belongs to the user.
// Source: user.py on_trash.
func trashUser(ctx context.Context, c *engine.Call, d *document.Document) error {
	if isStandardUser(d.Name()) {
		return exc.Validation.Throwf("User %s cannot be deleted", d.Name())
	}
	if err := endSessions(ctx, c, d.Name()); err != nil {
		return err
	}
	for _, t := range [][2]string{{"DocShare", "user"}, {"ToDo", "allocated_to"}, {"User Permission", "user"}, {"OAuth Authorization Code", "user"},
		{"OAuth Bearer Token", "user"}, {"Notification Settings", "name"}, {"DefaultValue", "parent"}} {
		dt, err := c.DocType(ctx, t[0])
		if err != nil || dt.Column(t[1]) == nil {
			continue // a release without that DocType
		}
		b := storage.NewBuilder(c.Tx.Dialect()).SQL("DELETE FROM ").Table(t[0]).SQL(" WHERE ").Ident(t[1]).SQL(" = ").Str(d.Name())
		if _, err := c.Tx.Exec(ctx, b); err != nil {
			return err
		}
	}
	return nil
}

func refuseStandardRename(_ context.Context, c *engine.Call, d *document.Document) error {
	if isStandardUser(d.Name()) {
		return exc.Validation.Throwf("User %s cannot be renamed", d.Name())
	}
	return c.CheckEmail(strings.ToLower(strings.TrimSpace(d.Text("__rename_to"))))
}

// renameUser keeps the address equal to the name.
func renameUser(ctx context.Context, c *engine.Call, d *document.Document) error {
	return c.SetValue(ctx, "User", d.Name(), "email", document.Text(d.Name()))
}

// mayTouchUser keeps the standard users to Administrator.
// Source: user.py has_permission.
func mayTouchUser(_ context.Context, c *engine.Call, d *document.Document, _ doctype.Right) (bool, error) {
	return c.User == perm.Administrator || !isStandardUser(d.Name()), nil
}

// hideStandardUsers leaves the standard users out of lists.
// Source: user.py get_permission_query_conditions.
func hideStandardUsers(ctx context.Context, c *engine.Call) (*query.Node, error) {
	if c.User == perm.Administrator {
		return nil, nil
	}
	dt, err := c.DocType(ctx, "User")
	if err != nil {
		return nil, err
	}
	return query.NotIn(query.F(dt, "name"), document.Text(perm.Administrator), document.Text(perm.Guest)), nil
}
