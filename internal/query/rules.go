package query

// Rules are the differences between releases in how lists are asked for. Each field
// names one behaviour; the zero value is v15's.
type Rules struct {
	// Engine selects the grammar of v16's query engine, otherwise that of the string
	// builder. Source: frappe/database/query.py Engine, frappe/model/db_query.py.
	Engine bool

	// The string builder.

	// StrictFields allows only count, sum and avg as functions of a client's fields, and
	// refuses commas and comments there (v14).
	StrictFields bool
	// StarIsTable makes * every column of the table, with _user_tags and its kind (v14).
	StarIsTable bool
	// PermlevelBySetting removes unpermitted fields only when Env.ApplyPermlevel says so
	// (v14).
	PermlevelBySetting bool
	// KeepVirtual refuses virtual and table fields instead of leaving them out (v14).
	KeepVirtual bool
	// EmptyIfUnreadable makes a DocType of which no level is readable have no permitted
	// field at all; otherwise its standard columns remain (v14).
	EmptyIfUnreadable bool
	// SelectOnlyBare hides the standard columns from users who only have select (v16).
	SelectOnlyBare bool
	// Operators are the operators that filters know, in the order of the error text.
	Operators []string
	// OperatorRequired refuses an empty operator, which otherwise means = (v16).
	OperatorRequired bool
	// NullIsEmpty makes "= null" find null and empty, and numbers compare with text as
	// text (v16). Before, null stood for 0 or for a text of two quotes.
	NullIsEmpty bool
	// UnsetIsEmpty makes "is not set" find the empty value of the column's own type too,
	// such as 0 (v16).
	UnsetIsEmpty bool
	// TreeSkipsNull keeps null rows out of a tree filter that finds no node (v16).
	TreeSkipsNull bool
	// MergeEquals turns several = on one field into in (v16-dev).
	MergeEquals bool

	// The engine.

	// NullAware counts nulls as the empty value of their type, as the string builder
	// does (v16's compatibility mode); otherwise conditions skip nulls.
	NullAware bool
	// Dev is the state of the engine in v16-dev: narrower field grammar, functions that
	// the permission check drops, no widening of between, no previous and next, and
	// User Permissions that let a null link pass but not an empty one.
	Dev bool
	// Small is the engine of v14 and v15 behind db.count and db.get_value: no dotted
	// names, "is set" is IS NOT NULL.
	Small bool
	// AscendingDefault sorts ascending where no direction is said.
	AscendingDefault bool

	// Both.

	// RowsFollowParent narrows the rows of a child table to those of the parents that the
	// user may see (16.4).
	RowsFollowParent bool
	// SortDefault is the sort_field of a DocType that names none.
	SortDefault string
}

// operatorsV14 and operatorsV15 are in the order of upstream's error text.
// Source: frappe/utils/data.py get_filter.
func operatorsV14() []string {
	return []string{"=", "!=", ">", "<", ">=", "<=", "like", "not like", "in", "not in", "is", "between",
		"descendants of", "ancestors of", "not descendants of", "not ancestors of", "timespan", "previous", "next"}
}

func operatorsV15() []string {
	return []string{"=", "!=", ">", "<", ">=", "<=", "like", "not like", "in", "not in", "is", "between",
		"timespan", "previous", "next", "ancestors of", "descendants of", "not ancestors of", "not descendants of",
		"descendants of (inclusive)"}
}

// RulesV14 are the rules of v14's lists.
func RulesV14() *Rules {
	return &Rules{StrictFields: true, StarIsTable: true, PermlevelBySetting: true, KeepVirtual: true,
		EmptyIfUnreadable: true, Operators: operatorsV14(), SortDefault: "modified"}
}

// RulesV15 are the rules of v15's lists.
func RulesV15() *Rules {
	return &Rules{Operators: operatorsV15(), SortDefault: "modified"}
}

// RulesV16 are the rules of v1 lists and reportview in 16.0.0-dev, which still uses the
// string builder there.
func RulesV16() *Rules {
	return &Rules{SelectOnlyBare: true, Operators: operatorsV15(), OperatorRequired: true, NullIsEmpty: true,
		UnsetIsEmpty: true, TreeSkipsNull: true, MergeEquals: true, SortDefault: "creation"}
}

// RulesRaw16 are the rules of 16.0.0-dev's v2 list and of its db.count: the engine
// itself.
func RulesRaw16() *Rules {
	return &Rules{Engine: true, Dev: true, SelectOnlyBare: true, SortDefault: "creation"}
}

// RulesV16Release are the rules of v1 lists and reportview in 16.4: the engine in
// compatibility mode.
func RulesV16Release() *Rules {
	return &Rules{Engine: true, NullAware: true, AscendingDefault: true, SelectOnlyBare: true,
		RowsFollowParent: true, SortDefault: "creation"}
}

// RulesRaw16Release are the rules of 16.4's v2 list and of its db.count.
func RulesRaw16Release() *Rules {
	return &Rules{Engine: true, SelectOnlyBare: true, RowsFollowParent: true, SortDefault: "creation"}
}

// RulesCount15 are the rules of db.count, db.exists and db.get_value in v14 and v15,
// and so of frappe.client.get_count there. Source: frappe/database/query.py Engine.
func RulesCount15() *Rules {
	return &Rules{Engine: true, Small: true, SortDefault: "modified"}
}
