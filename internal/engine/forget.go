package engine

import (
	"slices"
	"strings"

	"freddo/internal/perm"
	"freddo/internal/storage"
)

// What this file knows is which rows the caches of rights and DocTypes are made of. It
// hears of every write of a call (storage.Tx.OnWrite), whoever makes it: a document's
// save, a rename's plain UPDATE of links, a bulk tool. So no writer has to remember that
// something is cached, here or in another process.

// forgets tells by DocType what a write of its rows makes stale.
var forgets = map[string]func(c *Call, ch storage.Change){
	"User":            forgetUser,
	"Has Role":        forgetRoles,
	"User Permission": forgetUserPermissions,
	"DefaultValue":    forgetDefaults,
	"Role":            func(c *Call, _ storage.Change) { c.clearUser("") },

	"DocType":         func(c *Call, ch storage.Change) { c.forgetDocType(rowName(ch)) },
	"DocField":        forgetParent,
	"DocPerm":         forgetParent,
	"DocType Action":  forgetParent,
	"DocType Link":    forgetParent,
	"DocType State":   forgetParent,
	"Custom Field":    forgetNamed("dt"),
	"Property Setter": forgetNamed("doc_type"),
	"Custom DocPerm":  forgetNamed("parent"),

	"Workflow":                forgetNamed("document_type"),
	"Workflow Document State": func(c *Call, _ storage.Change) { c.forgetDocType("") },
	"Workflow Transition":     func(c *Call, _ storage.Change) { c.forgetDocType("") },
	"Singles":                 func(c *Call, _ storage.Change) { c.forgetDocType("") },
}

// userColumns are what is cached of a User. Source: perm.Store.User.
var userColumns = []string{"name", "full_name", "user_type", "user_image", "language", "enabled"}

// treeColumns decide what lies below a node.
var treeColumns = []string{"name", "lft", "rgt"}

// wrote is told of every write of the call's transaction.
func (c *Call) wrote(ch storage.Change) {
	if ch.Undone {
		c.memo.users, c.memo.doctypes, c.memo.singles = nil, nil, nil
		return
	}
	if ch.Columns != nil && onlyRemarks(ch.Columns) {
		return
	}
	if fn := forgets[ch.DocType]; fn != nil {
		fn(c, ch)
	}
	if ch.Type == nil {
		return
	}
	if ch.Type.IsSingle {
		c.forgetDocType(ch.DocType)
	}
	if ch.Type.IsTree && overlap(ch.Columns, treeColumns) {
		c.ClearTree(ch.DocType)
	}
}

// onlyRemarks reports that the columns hold no more than what people note on a row
// (_user_tags, _comments…).
func onlyRemarks(cols []string) bool {
	for _, col := range cols {
		if !strings.HasPrefix(col, "_") {
			return false
		}
	}
	return true
}

func overlap(a, b []string) bool {
	return slices.ContainsFunc(a, func(s string) bool { return slices.Contains(b, s) })
}

func rowName(ch storage.Change) string {
	if ch.Doc != nil {
		return ch.Doc.Name()
	}
	return ch.Name
}

func forgetUser(c *Call, ch storage.Change) {
	switch {
	case ch.Columns == nil:
		c.clearUser(rowName(ch))
	case slices.Contains(ch.Columns, "name"):
		c.clearUser("")
	case overlap(ch.Columns, userColumns):
		c.clearUser(rowName(ch))
	}
}

func forgetRoles(c *Call, ch storage.Change) {
	parentType, parent := ch.ParentType, ch.Parent
	if ch.Doc != nil && (ch.New || ch.Doc.Parent != nil) { // else a row may have had another parent
		parentType, parent = ch.Doc.Text("parenttype"), ch.Doc.Text("parent")
	}
	if parentType == "" || parentType == "User" {
		c.clearUser(parent)
	}
}

func forgetUserPermissions(c *Call, ch storage.Change) {
	if ch.New && ch.Doc != nil {
		c.clearUser(ch.Doc.Text("user"))
		return
	}
	c.clearUser("") // it may have been another user's
}

// forgetDefaults is for the defaults of a user, or of everybody.
func forgetDefaults(c *Call, ch storage.Change) {
	user := ch.Parent
	if ch.Doc != nil && (ch.New || ch.Doc.Parent != nil) { // else a row may have had another parent
		user = ch.Doc.Text("parent")
	}
	if user == perm.SystemDefaults {
		user = ""
	}
	c.clearUser(user)
}

// forgetParent is for the rows of DocTypes' own tables.
func forgetParent(c *Call, ch storage.Change) {
	switch {
	case ch.Parent != "":
		c.forgetDocType(ch.Parent)
	case ch.Doc != nil:
		c.forgetDocType(ch.Doc.Text("parent"))
	default:
		c.forgetDocType("")
	}
}

// forgetNamed is for documents that name a DocType in a field.
func forgetNamed(field string) func(c *Call, ch storage.Change) {
	return func(c *Call, ch storage.Change) {
		if ch.New && ch.Doc != nil {
			c.forgetDocType(ch.Doc.Text(field))
			return
		}
		c.forgetDocType("") // it may have named another one
	}
}

// forgetDocType makes everybody read a DocType, or all for an empty name, anew after the
// commit. Unlike ClearMeta it leaves the call itself what it sees: a DocType is written
// row by row, and is whole only when its writer says so. What the call reads from here on
// is kept from the others.
func (c *Call) forgetDocType(name string) {
	c.metaGen = ownMeta
	if !slices.Contains(c.staleTypes, name) {
		c.staleTypes = append(c.staleTypes, name)
		c.Announce(TopicMeta)
	}
}

// ownMeta is the metaGen of a call that has changed DocTypes: no generation of the
// cache's.
const ownMeta = -1

// clearUser makes roles and User Permissions of a user be read anew; an empty name
// stands for all users.
func (c *Call) clearUser(name string) {
	c.memo.users, c.memo.usersDirty = nil, true
	if !slices.Contains(c.staleUsers, name) {
		c.staleUsers = append(c.staleUsers, name)
		c.Announce(TopicUsers)
	}
}

// forgetStale drops from the caches what the call has changed, after its commit.
func (c *Call) forgetStale() {
	types, users := c.staleTypes, c.staleUsers
	c.staleTypes, c.staleUsers = nil, nil
	for _, name := range fewOrAll(types) {
		c.Meta.Invalidate(name)
	}
	for _, name := range fewOrAll(users) {
		c.Perm.Invalidate(name)
	}
}

// fewOrAll is names, or the empty name that stands for all when they are many.
func fewOrAll(names []string) []string {
	const few = 8
	if len(names) > few || slices.Contains(names, "") {
		return []string{""}
	}
	return names
}
