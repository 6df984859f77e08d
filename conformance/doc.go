// Package conformance replays recorded conversations with the real Frappe Framework against
// a server and compares what the server answers with what upstream answered.
//
// It owns the format of the recordings (testdata/*.json, one file per area), the replay, the
// comparison, the table of results and the floor below which results may not fall. It knows
// nothing of the server: that is a [Target], either a URL or an in-process http.Handler.
//
// Start reading at [Run]; recording.go holds the format, compare.go the wildcards.
//
// The recordings were made by a program in Python, and they hold what that program saw: its
// way to print numbers, to quote paths and to write JSON. Where this package copies such a
// habit, python.go is the place.
package conformance
