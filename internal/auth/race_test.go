//go:build race

package auth

// raced says that the race detector slows everything down.
const raced = true
