package doctype

// Right is one permission type.
type Right uint8

// The rights, in upstream's order. Source: frappe/permissions.py rights.
const (
	Select Right = iota
	Read
	Write
	Create
	Delete
	Submit
	Cancel
	Amend
	Print
	Email
	Report
	Import
	Export
	Share
	// Mask shows fields that are masked for others, and Impersonate, a right on User, lets
	// act as another user (v16).
	Mask
	Impersonate
	rightCount
)

var rightNames = [...]string{"select", "read", "write", "create", "delete", "submit", "cancel", "amend",
	"print", "email", "report", "import", "export", "share", "mask", "impersonate"}

// String is the right's fieldname in DocPerm.
func (r Right) String() string { return rightNames[r] }

// Rights are the rights that every DocType has, in order: not Mask, which is one of
// fields, nor those of single DocTypes. Source: frappe/permissions.py std_rights.
func Rights() []Right {
	all := make([]Right, Share+1)
	for i := range all {
		all[i] = Right(i)
	}
	return all
}

// ParseRight returns the right of that name.
func ParseRight(name string) (Right, bool) {
	for i, n := range rightNames {
		if n == name {
			return Right(i), true
		}
	}
	return 0, false
}

// RightSet is a set of rights.
type RightSet uint32

// Has reports whether r is in the set.
func (s RightSet) Has(r Right) bool { return s&(1<<r) != 0 }

// With returns the set with r.
func (s RightSet) With(r Right) RightSet { return s | 1<<r }

// Without returns the set less r.
func (s RightSet) Without(r Right) RightSet { return s &^ (1 << r) }

// AllRights is the set of every right.
const AllRights RightSet = 1<<rightCount - 1

// DocPerm is one permission row: what a role may do at a permlevel.
type DocPerm struct {
	Role      string
	Permlevel int
	IfOwner   bool
	Rights    RightSet
}

// PermFromProps reads a DocPerm or Custom DocPerm row.
func PermFromProps(p Props) *DocPerm {
	perm := &DocPerm{Role: p.PropText("role"), Permlevel: p.PropInt("permlevel"),
		IfOwner: p.PropInt("if_owner") != 0}
	for i, name := range rightNames {
		if p.PropInt(name) != 0 {
			perm.Rights = perm.Rights.With(Right(i))
		}
	}
	return perm
}
