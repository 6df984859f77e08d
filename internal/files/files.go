// Package files owns the bytes of files: where they lie, how an upload reaches the
// disk without passing through memory, and how a transaction's files appear and vanish
// together with its rows. It knows no documents and no HTTP. Start with Store, Manager
// and Stage; images are in image.go, jpeg.go, archives in zip.go, types in mime.go.
package files

import (
	"errors"
	"io"
	"io/fs"
	"strings"
	"time"
)

// Errors of stores and stages. They also match fs.ErrNotExist and fs.ErrExist.
var (
	ErrNotExist = fs.ErrNotExist
	ErrExist    = fs.ErrExist
	// ErrUnavailable says that a place of bytes does not answer, or not as it should:
	// nothing is known of what lies there.
	ErrUnavailable = errors.New("files: the store of files does not answer")
	// ErrLeft says beside another error that what failed has left bytes of its own
	// under the key, which the store could not take back.
	ErrLeft = errors.New("files: bytes are left behind")
	// ErrBadName says that a name leads out of the folder of its kind.
	ErrBadName = errors.New("files: name leads out of the folder")
)

// Key is where bytes lie: among the public or the private files, under a name without
// a leading slash. It is what a File's file_url says.
type Key struct {
	Private bool
	Name    string
}

// The beginnings of URLs of stored files.
const (
	PublicPrefix  = "/files/"
	PrivatePrefix = "/private/files/"
)

// URL returns the file_url of a key.
func (k Key) URL() string {
	if k.Private {
		return PrivatePrefix + k.Name
	}
	return PublicPrefix + k.Name
}

// KeyOf returns the key that a file_url names; ok is false for other URLs.
func KeyOf(url string) (Key, bool) {
	if name, ok := strings.CutPrefix(url, PrivatePrefix); ok {
		return Key{Private: true, Name: name}, true
	}
	if name, ok := strings.CutPrefix(url, PublicPrefix); ok {
		return Key{Name: name}, true
	}
	return Key{}, false
}

// Valid reports whether a key stays within its folder. What the operating system
// makes of a name (links) is the store's business.
func (k Key) Valid() bool {
	return fs.ValidPath(k.Name) && k.Name != "." && !strings.ContainsRune(k.Name, 0)
}

// File is an open file. Close it.
type File interface {
	io.ReadSeekCloser
	Size() int64
	ModTime() time.Time
}

// Store keeps bytes by key. A name that is in use is never overwritten. Its methods
// may be called from many goroutines. ErrNotExist and a false from Exists are knowledge:
// a store that cannot tell says ErrUnavailable.
type Store interface {
	// Open opens what lies under a key. Errors: ErrNotExist, ErrBadName, ErrUnavailable.
	Open(k Key) (File, error)
	// Exists reports whether something lies under a key. Errors: ErrUnavailable.
	Exists(k Key) (bool, error)
	// Put makes the local file at path lie under a free key; the local file may be
	// gone after. Errors: ErrExist, ErrBadName, ErrUnavailable, ErrLeft.
	Put(k Key, path string) error
	// Move changes the key of what lies under from. Errors: ErrNotExist, ErrExist,
	// ErrBadName, ErrUnavailable; ErrLeft says that the bytes lie under both keys.
	Move(from, to Key) error
	// Remove deletes what lies under a key; nothing there is no error. Errors:
	// ErrBadName, ErrUnavailable.
	Remove(k Key) error
}

// Remote is a Store that bytes reach over a network. Long content is brought to it
// before a transaction holds locks, and only takes its name at the commit.
type Remote interface {
	Store
	// Bring copies content to where nobody sees it and returns a handle of it.
	Bring(f File) (handle string, err error)
	// Place makes what a handle of size bytes stands for lie under a free key as
	// well. Errors: ErrExist, ErrBadName, ErrUnavailable, ErrLeft.
	Place(handle string, size int64, k Key) error
	// Drop forgets a handle; what was placed stays.
	Drop(handle string) error
}

// Linker is a Store that clients may fetch files from by themselves.
type Linker interface {
	// Link returns a URL that gives who has it the file for a while, sent with this
	// content type and disposition (may be empty); "" where links are not wanted.
	Link(k Key, contentType, disposition string) (string, error)
}

// Tagged is a File whose store knows a tag of its content.
type Tagged interface {
	// ETag is the tag without quotes.
	ETag() string
}
