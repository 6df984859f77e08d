// Package e2e holds tests of the whole application over HTTP, on every database that
// the environment names (scripts/databases). It has no code of its own.
package e2e
