package freddo

import (
	"context"
	"fmt"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"strings"

	"freddo/document"
	"freddo/internal/engine"
)

// ImportReport tells what an import did.
type ImportReport = engine.ImportReport

// Progress is told how far a long work has come.
type Progress func(done, total int, what string)

// ImportDocTypes installs DocTypes from files, or from trees of
// <module>/doctype/<name>/<name>.json as Frappe's apps lay them out.
func (a *App) ImportDocTypes(ctx context.Context, paths []string, progress Progress) (ImportReport, error) {
	var objects []*document.Object
	for _, p := range paths {
		info, err := os.Stat(p)
		if err != nil {
			return ImportReport{}, err
		}
		if !info.IsDir() {
			o, err := readDocType(os.DirFS(filepath.Dir(p)), filepath.Base(p))
			if err != nil {
				return ImportReport{}, err
			}
			if o == nil {
				return ImportReport{}, fmt.Errorf("%s: not a DocType: its JSON object must say \"doctype\": \"DocType\"", p)
			}
			objects = append(objects, o)
			continue
		}
		found, err := findDocTypes(os.DirFS(p), true)
		if err != nil {
			return ImportReport{}, fmt.Errorf("%s: %w", p, err)
		}
		if len(found) == 0 {
			return ImportReport{}, fmt.Errorf("%s: no <module>/doctype/<name>/<name>.json below it", p)
		}
		objects = append(objects, found...)
	}
	return a.engine.ImportDocTypes(ctx, objects, engine.Progress(progress))
}

// DocTypes installs the DocTypes of an app: every JSON file of fsys that holds one.
func (a *App) DocTypes(fsys fs.FS) error {
	objects, err := findDocTypes(fsys, false)
	if err != nil {
		return err
	}
	r, err := a.engine.ImportDocTypes(context.Background(), objects, nil)
	if err != nil {
		return err
	}
	for name, err := range r.Failed {
		return fmt.Errorf("DocType %s: %w", name, err)
	}
	return nil
}

// findDocTypes reads the DocTypes of a tree; strict wants upstream's layout.
func findDocTypes(fsys fs.FS, strict bool) ([]*document.Object, error) {
	var out []*document.Object
	err := fs.WalkDir(fsys, ".", func(name string, e fs.DirEntry, err error) error {
		if err != nil || e.IsDir() || !strings.HasSuffix(name, ".json") {
			return err
		}
		if strict {
			dir := path.Dir(name)
			if path.Base(dir)+".json" != path.Base(name) || path.Base(path.Dir(dir)) != "doctype" && path.Dir(dir) != "." {
				return nil
			}
		}
		o, err := readDocType(fsys, name)
		if err == nil && o != nil {
			out = append(out, o)
		}
		return err
	})
	return out, err
}

// readDocType returns a file's DocType, or nil when it holds something else.
func readDocType(fsys fs.FS, name string) (*document.Object, error) {
	data, err := fs.ReadFile(fsys, name)
	if err != nil {
		return nil, err
	}
	v, err := document.ParseJSON(string(data))
	if err != nil {
		return nil, fmt.Errorf("%s: %w", name, err)
	}
	if o := v.Map(); o != nil && o.Str("doctype") == "DocType" {
		return o, nil
	}
	return nil, nil
}
