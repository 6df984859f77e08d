// Package site owns a site's folder: site_config.json with upstream's keys, re-read
// when it changes, and where files and the database lie. It knows nothing of
// documents. Start with Open.
package site

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"sync"
	"sync/atomic"
	"time"
)

// Config is one reading of site_config.json. Values keep JSON's types. It is
// read-only.
type Config struct {
	values map[string]any
}

// Str returns a text value, or "".
func (c *Config) Str(key string) string { s, _ := c.values[key].(string); return s }

// Int returns a numeric value, or 0; booleans count as 0 and 1.
func (c *Config) Int(key string) int64 {
	switch v := c.values[key].(type) {
	case float64:
		return int64(v)
	case bool:
		if v {
			return 1
		}
	}
	return 0
}

// Bool reports whether a value is true or a number other than 0.
func (c *Config) Bool(key string) bool { return c.Int(key) != 0 }

// Has reports whether the key is present.
func (c *Config) Has(key string) bool { _, ok := c.values[key]; return ok }

// Any returns a value as decoded from JSON, or nil.
func (c *Config) Any(key string) any { return c.values[key] }

// Strings returns a list of text, or a single text as a list of one.
func (c *Config) Strings(key string) []string {
	switch v := c.values[key].(type) {
	case string:
		return []string{v}
	case []any:
		var out []string
		for _, x := range v {
			if s, ok := x.(string); ok {
				out = append(out, s)
			}
		}
		return out
	}
	return nil
}

// Site is an open site folder. Its methods may be called from many goroutines.
type Site struct {
	Dir     string
	config  atomic.Pointer[Config]
	mu      sync.Mutex
	checked atomic.Int64 // unix nanoseconds of the last look at the file
	seen    os.FileInfo  // the file as it was read last: another one is another file, time or size
}

// ConfigFile is the configuration's file name inside a site folder.
const ConfigFile = "site_config.json"

// checkEvery bounds how often the file is looked at.
const checkEvery = 250 * time.Millisecond

// ErrNoSite says that a folder holds no site.
var ErrNoSite = errors.New("no site_config.json in the folder")

// Open reads a site folder. Errors: ErrNoSite, or what reading gives.
func Open(dir string) (*Site, error) {
	s := &Site{Dir: dir}
	if err := s.reload(); err != nil {
		if errors.Is(err, fs.ErrNotExist) {
			return nil, fmt.Errorf("%s: %w; create one with: freddo new-site %s --admin-password …", dir, ErrNoSite, dir)
		}
		return nil, err
	}
	return s, nil
}

// Free fails when a folder already holds a site.
func Free(dir string) error {
	if _, err := os.Stat(filepath.Join(dir, ConfigFile)); err == nil {
		return fmt.Errorf("%s already holds a site; serve it with: freddo serve %s", dir, dir)
	}
	return nil
}

// Create makes a new site folder with the given configuration. It fails when the
// folder already holds a site.
func Create(dir string, values map[string]any) (*Site, error) {
	if err := Free(dir); err != nil {
		return nil, err
	}
	for _, d := range []string{"", "private/files", "public/files", "private/backups"} {
		if err := os.MkdirAll(filepath.Join(dir, d), 0o750); err != nil {
			return nil, err
		}
	}
	if err := writeConfig(dir, values); err != nil {
		return nil, err
	}
	return Open(dir)
}

func writeConfig(dir string, values map[string]any) error {
	data, err := json.MarshalIndent(values, "", " ")
	if err != nil {
		return err
	}
	tmp := filepath.Join(dir, "."+ConfigFile+".new")
	if err := os.WriteFile(tmp, append(data, '\n'), 0o600); err != nil {
		return err
	}
	return os.Rename(tmp, filepath.Join(dir, ConfigFile))
}

// Config returns the configuration, re-read when the file has changed. A file that
// cannot be read or parsed leaves the last good one in force.
func (s *Site) Config() *Config {
	now := time.Now().UnixNano()
	last := s.checked.Load()
	if now-last > int64(checkEvery) && s.checked.CompareAndSwap(last, now) {
		_ = s.reload()
	}
	return s.config.Load()
}

// Refresh looks at the file at once. See Config for a file that cannot be read.
func (s *Site) Refresh() { _ = s.reload() }

// Set merges values into the configuration file; a nil value removes its key.
func (s *Site) Set(values map[string]any) error {
	s.mu.Lock()
	merged := map[string]any{}
	for k, v := range s.config.Load().values {
		merged[k] = v
	}
	for k, v := range values {
		if v == nil {
			delete(merged, k)
		} else {
			merged[k] = v
		}
	}
	err := writeConfig(s.Dir, merged)
	s.mu.Unlock()
	if err != nil {
		return err
	}
	return s.reload()
}

func (s *Site) reload() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	path := filepath.Join(s.Dir, ConfigFile)
	info, err := os.Stat(path)
	if err != nil {
		return err
	}
	if s.config.Load() != nil && os.SameFile(info, s.seen) && info.ModTime().Equal(s.seen.ModTime()) && info.Size() == s.seen.Size() {
		return nil
	}
	data, err := os.ReadFile(path)
	if err != nil {
		return err
	}
	values := map[string]any{}
	if err := json.Unmarshal(data, &values); err != nil {
		return fmt.Errorf("%s: %w", path, err)
	}
	s.seen = info
	s.config.Store(&Config{values: values})
	return nil
}

// Path joins parts to the site's folder.
func (s *Site) Path(parts ...string) string {
	return filepath.Join(append([]string{s.Dir}, parts...)...)
}
