package meta

import (
	"embed"
	"fmt"
	"io/fs"
	"path"
	"sort"
	"strings"

	"freddo/doctype"
	"freddo/document"
	"freddo/internal/compat"
)

//go:embed all:core
var coreFS embed.FS

// coreModules are the folders that hold DocTypes; records holds shipped documents.
const recordsDir = "records"

// CoreObject returns one shipped DocType of a release as its parsed JSON. Errors:
// ErrUnknown, or that the file is malformed.
func CoreObject(p *compat.Profile, name string) (*document.Object, error) {
	file := doctype.Scrub(name)
	dirs, err := fs.ReadDir(coreFS, "core")
	if err != nil {
		return nil, err
	}
	for _, ending := range []string{"." + p.Name + ".json", ".json"} {
		for _, dir := range dirs {
			if !dir.IsDir() || dir.Name() == recordsDir {
				continue
			}
			data, err := coreFS.ReadFile(path.Join("core", dir.Name(), file+ending))
			if err != nil {
				continue
			}
			o, err := parseObject(file, data)
			if err == nil && o.Has("absent") {
				return nil, fmt.Errorf("%w: %s", ErrUnknown, name)
			}
			return o, err
		}
	}
	return nil, fmt.Errorf("%w: %s", ErrUnknown, name)
}

func parseObject(name string, data []byte) (*document.Object, error) {
	v, err := document.ParseJSON(string(data))
	if err != nil {
		return nil, fmt.Errorf("%s: %w", name, err)
	}
	if o := v.Map(); o != nil {
		return o, nil
	}
	return nil, fmt.Errorf("%s: not a JSON object", name)
}

// CoreDocTypes returns all shipped DocTypes of a release, sorted by name.
func CoreDocTypes(p *compat.Profile) ([]*document.Object, error) {
	files := map[string]string{} // scrubbed name → path
	err := fs.WalkDir(coreFS, "core", func(file string, e fs.DirEntry, err error) error {
		if err != nil || e.IsDir() || !strings.HasSuffix(file, ".json") || strings.Contains(file, "/"+recordsDir+"/") {
			return err
		}
		base := strings.TrimSuffix(path.Base(file), ".json")
		name, release, isVariant := strings.Cut(base, ".")
		if isVariant && release != p.Name {
			return nil
		}
		if _, seen := files[name]; !seen || isVariant {
			files[name] = file
		}
		return nil
	})
	if err != nil {
		return nil, err
	}
	names := make([]string, 0, len(files))
	for n := range files {
		names = append(names, n)
	}
	sort.Strings(names)
	out := make([]*document.Object, 0, len(names))
	for _, n := range names {
		data, err := coreFS.ReadFile(files[n])
		if err != nil {
			return nil, err
		}
		o, err := parseObject(files[n], data)
		if err != nil {
			return nil, err
		}
		if !o.Has("absent") { // a release that lacks the DocType has a file that says so
			out = append(out, o)
		}
	}
	return out, nil
}

// CoreRecords returns the shipped documents of a release, file by file in name order.
func CoreRecords(p *compat.Profile) ([]*document.Object, error) {
	entries, err := fs.ReadDir(coreFS, path.Join("core", recordsDir))
	if err != nil {
		return nil, err
	}
	var out []*document.Object
	for _, e := range entries {
		data, err := coreFS.ReadFile(path.Join("core", recordsDir, e.Name()))
		if err != nil {
			return nil, err
		}
		v, err := document.ParseJSON(string(data))
		if err != nil {
			return nil, fmt.Errorf("%s: %w", e.Name(), err)
		}
		for _, item := range v.List() {
			o := item.Map()
			if o == nil || !shippedIn(o, p) {
				continue
			}
			o.Delete("releases")
			out = append(out, o)
		}
	}
	return out, nil
}

// shippedIn reports whether a record belongs to a release: its key releases lists those
// that have it, and none means all.
func shippedIn(o *document.Object, p *compat.Profile) bool {
	releases := o.Get("releases").List()
	for _, r := range releases {
		if r.Str() == p.Name {
			return true
		}
	}
	return len(releases) == 0
}
