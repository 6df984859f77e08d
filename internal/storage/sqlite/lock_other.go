//go:build !unix

package sqlite

import "os"

// lockFile holds the file open; systems without flock rely on SQLite's own locks.
func lockFile(path string) (*os.File, error) {
	return os.OpenFile(path, os.O_CREATE|os.O_RDWR, 0o600)
}

func unlockFile(f *os.File) error { return f.Close() }
