package sqlite

import (
	"net/url"
	"strconv"
	"sync"
	"sync/atomic"

	"github.com/ncruces/go-sqlite3/util/vfsutil"
	"github.com/ncruces/go-sqlite3/vfs"
)

// vfsName names the file system of the writing connection. It is the operating system's,
// but for two kinds of files on which SQLite spends most of its system calls:
//   - the write-ahead log, which SQLite writes in pieces of 24 bytes and of a page, is
//     written in long pieces, and synced beside the next writers' work (log.settle);
//   - the journal of savepoints, which undoes a request without the others of its batch,
//     stays in memory until it is long.
const vfsName = "freddo-writer-"

// Disk names a file system that stands in for the operating system's, where one is
// registered under it (vfs.Register): tests measure with slow disks and failing ones.
const Disk = "freddo-disk"

// fileSystem is the file system of one writing connection.
type fileSystem struct {
	vfs.VFSFilename
	// log is the connection's write-ahead log; nil until SQLite opens it.
	log *log
	// slice is that of the last journal.
	slice vfsutil.SliceFile
}

// number makes the names of file systems differ.
var number atomic.Int64

// openLogged opens a database for writing, on a file system of its own.
func openLogged(path string, o Options) (*conn, *fileSystem, error) {
	under, ok := vfs.Find(Disk).(vfs.VFSFilename)
	if !ok {
		under, _ = vfs.Find("os").(vfs.VFSFilename)
	}
	s := &fileSystem{VFSFilename: under}
	name := vfsName + strconv.FormatInt(number.Add(1), 10)
	vfs.Register(name, s)
	c, err := openConn("file:"+(&url.URL{Path: path}).EscapedPath()+"?vfs="+name, o)
	if err != nil {
		vfs.Unregister(name)
		return nil, nil, err
	}
	c.closed = func() { vfs.Unregister(name) }
	return c, s, nil
}

func (s *fileSystem) OpenFilename(name *vfs.Filename, flags vfs.OpenFlag) (vfs.File, vfs.OpenFlag, error) {
	if flags&vfs.OPEN_SUBJOURNAL != 0 {
		temp := func() (vfs.File, error) {
			f, _, err := s.VFSFilename.OpenFilename(nil, flags)
			return f, err
		}
		j := &journal{temp: temp, keep: &s.slice, SliceFile: s.slice[:0]}
		s.slice = nil
		return j, flags, nil
	}
	f, flags, err := s.VFSFilename.OpenFilename(name, flags)
	if err == nil && flags&vfs.OPEN_WAL != 0 {
		s.log = &log{File: f}
		return s.log, flags, nil
	}
	return f, flags, err
}

// log is the write-ahead log. What is appended is held back until it is long, or until
// SQLite wants it to be in the file: before it syncs, which it does before a commit is
// visible (synchronous = FULL), and before it reads.
//
// The sync that ends a commit is put off: the writer owes it (settle) before it answers
// any request of the batch, while others write on already. As with MariaDB's InnoDB,
// what is committed is seen by others a moment before it is durable. Every other sync,
// that of a log's header or before a checkpoint, is done where SQLite asks for it.
type log struct {
	vfs.File
	held []byte
	at   int64 // where held begins in the file
	// putOff says that the next sync of appended frames ends a commit, and owes that it
	// was put off.
	putOff, owes bool
	// ready says that the file has been synced once, and with it its folder.
	ready bool
	// owed counts the syncs that were put off; those up to settled are done.
	owed    atomic.Int64
	settled int64
	mu      sync.Mutex // guards settled, and is held while settling
}

// maxHeld is how much of the log is written at once.
const maxHeld = 256 << 10

func (f *log) WriteAt(p []byte, off int64) (int, error) {
	if len(f.held) > 0 && (off != f.at+int64(len(f.held)) || len(f.held)+len(p) > maxHeld) {
		if err := f.flush(); err != nil {
			return 0, err
		}
	}
	if len(f.held) == 0 {
		f.at = off
	}
	f.held = append(f.held, p...)
	return len(p), nil
}

// flush writes what is held back. After an error it is dropped: SQLite has given the
// transaction up and writes the log anew from where it stood.
func (f *log) flush() error {
	if len(f.held) == 0 {
		return nil
	}
	_, err := f.File.WriteAt(f.held, f.at)
	f.held = f.held[:0]
	return err
}

func (f *log) ReadAt(p []byte, off int64) (int, error) {
	if err := f.flush(); err != nil {
		return 0, err
	}
	return f.File.ReadAt(p, off)
}

func (f *log) Sync(flags vfs.SyncFlag) error {
	frames := len(f.held) > 0 && f.at > 0
	if err := f.flush(); err != nil {
		return err
	}
	if f.putOff && f.ready && frames {
		f.putOff, f.owes = false, true
		f.owed.Add(1)
		return nil
	}
	if err := f.File.Sync(flags); err != nil {
		return err
	}
	f.ready, f.owes = true, false
	return nil
}

// commit runs fn, which commits, and returns the log when it is to be settled.
func (s *fileSystem) commit(fn func() error) (owed *log, err error) {
	if s == nil || s.log == nil {
		return nil, fn()
	}
	f := s.log
	f.putOff, f.owes = true, false
	err = fn()
	f.putOff = false
	if err != nil || !f.owes {
		return nil, err
	}
	return f, nil
}

// settle makes durable what was committed before it was called. One sync serves all
// who wait for it. It is safe beside SQLite's use of the log.
func (f *log) settle() error {
	upTo := f.owed.Load()
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.settled >= upTo {
		return nil
	}
	upTo = f.owed.Load()
	if err := f.File.Sync(vfs.SYNC_NORMAL); err != nil {
		return err
	}
	f.settled = upTo
	return nil
}

func (f *log) Truncate(size int64) error {
	if err := f.flush(); err != nil {
		return err
	}
	return f.File.Truncate(size)
}

func (f *log) Size() (int64, error) {
	if err := f.flush(); err != nil {
		return 0, err
	}
	return f.File.Size()
}

func (f *log) Close() error {
	err := f.flush()
	if cerr := f.File.Close(); err == nil {
		err = cerr
	}
	return err
}

// journal is the journal of savepoints: a slice, and a file beyond maxJournal.
type journal struct {
	vfsutil.SliceFile
	temp func() (vfs.File, error)
	file vfs.File // nil as long as the slice does
	keep *vfsutil.SliceFile
}

// maxJournal is how long the journal of savepoints may get in memory.
const maxJournal = 1 << 20

func (j *journal) WriteAt(p []byte, off int64) (int, error) {
	if j.file == nil && off+int64(len(p)) > maxJournal {
		f, err := j.temp()
		if err != nil {
			return 0, err
		}
		if _, err := f.WriteAt(j.SliceFile, 0); err != nil {
			_ = f.Close()
			return 0, err
		}
		j.file, j.SliceFile = f, nil
	}
	if j.file != nil {
		return j.file.WriteAt(p, off)
	}
	return j.SliceFile.WriteAt(p, off)
}

func (j *journal) ReadAt(p []byte, off int64) (int, error) {
	if j.file != nil {
		return j.file.ReadAt(p, off)
	}
	return j.SliceFile.ReadAt(p, off)
}

func (j *journal) Truncate(size int64) error {
	if j.file != nil {
		return j.file.Truncate(size)
	}
	return j.SliceFile.Truncate(size)
}

func (j *journal) Size() (int64, error) {
	if j.file != nil {
		return j.file.Size()
	}
	return j.SliceFile.Size()
}

func (j *journal) Close() error {
	if j.file != nil {
		return j.file.Close()
	}
	*j.keep = j.SliceFile
	return nil
}
