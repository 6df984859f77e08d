package engine

import (
	"bufio"
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
)

// rawWrites are the ways past Insert, Save and DeleteDoc, which ask for the caller's
// rights, by what they look like in code: a call, an assignment, or a statement.
var rawWrites = map[string]bool{"SetValue": true, "SetColumns": true, "SaveSingle": true, "InsertRows": true, "IgnorePermissions": true}

// TestEveryWriteThatAsksNobodyIsReviewed lists each place in the tree that writes past
// the caller's rights, and fails for one that testdata/writes.txt does not name with the
// reason why it is safe. A client must not choose what these write to: where it does,
// the place belongs to WriteField, to Save, or behind a check that the reason names.
func TestEveryWriteThatAsksNobodyIsReviewed(t *testing.T) {
	t.Parallel()
	reviewed := readReviewed(t)
	found := map[string]int{}
	root := filepath.Join("..", "..")
	err := filepath.WalkDir(root, func(path string, e fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		rel, _ := filepath.Rel(root, path)
		rel = filepath.ToSlash(rel)
		if e.IsDir() {
			if rel == "internal/storage" || rel == "conformance" || strings.HasPrefix(e.Name(), ".") && rel != "." {
				return filepath.SkipDir
			}
			return nil
		}
		if !strings.HasSuffix(rel, ".go") || strings.HasSuffix(rel, "_test.go") {
			return nil
		}
		return findWrites(path, rel, found)
	})
	if err != nil {
		t.Fatal(err)
	}
	for _, at := range places(found) {
		if found[at] != reviewed[at] {
			t.Errorf("%s is there %d times, reviewed %d: who may choose what it writes to? Then add it to testdata/writes.txt", at, found[at], reviewed[at])
		}
	}
	for _, at := range places(reviewed) {
		if found[at] == 0 {
			t.Errorf("%s is gone: take it out of testdata/writes.txt", at)
		}
	}
}

func places(m map[string]int) []string {
	var out []string
	for k := range m {
		out = append(out, k)
	}
	slices.Sort(out)
	return out
}

// findWrites counts the raw writes of a file as "file function what".
func findWrites(path, rel string, found map[string]int) error {
	f, err := parser.ParseFile(token.NewFileSet(), path, nil, parser.SkipObjectResolution)
	if err != nil {
		return err
	}
	for _, decl := range f.Decls {
		name := "-"
		if fn, ok := decl.(*ast.FuncDecl); ok {
			name = fn.Name.Name
		}
		ast.Inspect(decl, func(n ast.Node) bool {
			for _, what := range writesIn(n) {
				found[rel+" "+name+" "+what]++
			}
			return true
		})
	}
	return nil
}

func writesIn(n ast.Node) []string {
	switch n := n.(type) {
	case *ast.CallExpr:
		s, ok := n.Fun.(*ast.SelectorExpr)
		if !ok {
			return nil
		}
		if rawWrites[s.Sel.Name] {
			return []string{s.Sel.Name}
		}
		// Tx.Insert and Tx.Update are not Call.Insert.
		if in, ok := s.X.(*ast.SelectorExpr); ok && in.Sel.Name == "Tx" && (s.Sel.Name == "Insert" || s.Sel.Name == "Update" || s.Sel.Name == "Delete") {
			return []string{"Tx." + s.Sel.Name}
		}
	case *ast.AssignStmt:
		var out []string
		for _, l := range n.Lhs {
			if s, ok := l.(*ast.SelectorExpr); ok && rawWrites[s.Sel.Name] {
				out = append(out, s.Sel.Name)
			}
		}
		return out
	case *ast.BasicLit:
		text, err := strconv.Unquote(n.Value)
		if n.Kind != token.STRING || err != nil {
			return nil
		}
		for _, verb := range []string{"UPDATE ", "INSERT INTO ", "DELETE FROM "} {
			if strings.HasPrefix(text, verb) {
				return []string{strings.Fields(verb)[0]}
			}
		}
	}
	return nil
}

// readReviewed reads testdata/writes.txt: file, function, what, times, and why it is safe.
func readReviewed(t *testing.T) map[string]int {
	t.Helper()
	f, err := os.Open(filepath.Join("testdata", "writes.txt"))
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	out := map[string]int{}
	for s := bufio.NewScanner(f); s.Scan(); {
		line := s.Text()
		if line == "" || strings.HasPrefix(line, "#") {
			continue
		}
		place, why, _ := strings.Cut(line, ": ")
		part := strings.Fields(place)
		if len(part) != 4 || strings.TrimSpace(why) == "" {
			t.Errorf("no place, count and reason: %q", line)
			continue
		}
		n, err := strconv.Atoi(part[3])
		if err != nil {
			t.Error(fmt.Errorf("%q: %w", line, err))
		}
		out[strings.Join(part[:3], " ")] = n
	}
	return out
}
