// Package query turns what a client asks of a list (fields, filters, or_filters,
// order_by, group_by, a page) into a checked tree, Select. It owns upstream's
// grammars and their differences between releases, and how values compare. It holds
// no SQL text: every identifier of a client is looked up in a DocType, every value
// stays a value, so that nothing a client writes can reach a statement. Package
// storage renders the tree.
//
// Start with Parse (parse.go), then Select (select.go) and Node (node.go). Two
// grammars live here: the string builder of v14 and v15
// (legacy_*.go), and the engine of v16 (engine_*.go), a small form of which counts in v14
// and v15 too.
package query
