package file

import (
	"context"
	"strings"

	"freddo/doctype"
	"freddo/document"
	"freddo/exc"
	"freddo/internal/builtin/arg"
	"freddo/internal/engine"
	"freddo/internal/method"
	"freddo/internal/query"
	"freddo/internal/storage"
)

const readRight = doctype.Read

// createFolder makes a folder; one that is there is answered as if it was made.
// Source: frappe/core/api/file.py create_new_folder.
func createFolder(ctx context.Context, c *engine.Call, a method.Args) (any, error) {
	d, err := c.NewDoc(ctx, "File")
	if err != nil {
		return nil, err
	}
	d.Set("file_name", document.Text(a.Text("file_name")))
	d.Set("is_folder", document.IntOf(1))
	d.Set("folder", document.Text(a.Text("folder")))
	err = c.Tx.Savepoint(ctx, func() error { return c.Insert(ctx, d) })
	if exc.Is(err, exc.DuplicateEntry) {
		d.New = false
		return d, nil
	}
	return d, err
}

// listed are what lists of files show.
var listed = []string{"name", "file_name", "file_url", "is_folder", "modified"}

func list(ctx context.Context, c *engine.Call, r query.Request) ([]document.Value, error) {
	dt, err := c.DocType(ctx, "File")
	if err != nil {
		return nil, err
	}
	if err := c.CheckList(ctx, dt); err != nil {
		return nil, err
	}
	r.DocType = dt
	res, err := c.List(ctx, r)
	if err != nil {
		return nil, err
	}
	v, err := document.ParseJSON(string(res.JSON))
	return v.List(), err
}

// filesInFolder lists a folder; that of the attachments comes first in Home.
// Source: frappe/core/api/file.py get_files_in_folder.
func filesInFolder(ctx context.Context, c *engine.Call, a method.Args) (any, error) {
	folder, n := a.Text("folder"), int(a.Int("page_length"))
	rows, err := list(ctx, c, query.Request{Fields: document.Texts(listed), Filters: document.MapOf(document.NewObject("folder", folder)),
		Start: max(a.Int("start"), 0), Limit: int64(n) + 1})
	if err != nil {
		return nil, err
	}
	if folder == "Home" {
		if rows, err = attachmentsFirst(ctx, c, rows); err != nil {
			return nil, err
		}
	}
	more := len(rows) > n
	return document.NewObject("files", document.ListOf(rows[:min(len(rows), max(n, 0))]...), "has_more", more), nil
}

func attachmentsFirst(ctx context.Context, c *engine.Call, rows []document.Value) ([]document.Value, error) {
	const name = "Home/Attachments"
	for _, r := range rows {
		if r.Map().Str("name") == name {
			return rows, nil
		}
	}
	own, err := c.Rows(ctx, "File", listed, document.NewObject("name", name), "")
	if err != nil || len(own) == 0 {
		return rows, err
	}
	return append([]document.Value{document.MapOf(own[0])}, rows...), nil
}

// filesByText finds files by name or URL, at most 20.
// Source: frappe/core/api/file.py get_files_by_search_text.
func filesByText(ctx context.Context, c *engine.Call, a method.Args) (any, error) {
	text := strings.ToLower(a.Text("text"))
	if text == "" {
		return document.ListOf(), nil
	}
	text = "%" + text + "%"
	like := document.ListOf(document.Text("like"), document.Text(text))
	rows, err := list(ctx, c, query.Request{Fields: document.Texts(listed), Filters: document.MapOf(document.NewObject("is_folder", false)),
		OrFilters: document.MapOf(document.NewObject("file_name", like, "file_url", text, "name", like)), OrderBy: document.Text("modified desc"), Limit: 20})
	if err != nil {
		return nil, err
	}
	return document.ListOf(rows...), nil
}

// moveFile gives files and folders another parent; a folder takes along its name and
// what is in it. Source: frappe/core/api/file.py move_file.
func moveFile(ctx context.Context, c *engine.Call, a method.Args) (any, error) {
	v, err := arg.Loads(a.Get("file_list"))
	if err != nil {
		return nil, err
	}
	for _, item := range v.List() {
		if err := setParent(ctx, c, document.ToText(item.Map().Get("name")), a.Text("new_parent")); err != nil {
			return nil, err
		}
	}
	for _, key := range []string{"old_parent", "new_parent"} {
		d, err := c.Get(ctx, "File", a.Text(key))
		if err != nil {
			return nil, err
		}
		if err := c.Save(ctx, d); err != nil {
			return nil, err
		}
	}
	return nil, nil
}

// setParent moves one File. Source: file/utils.py setup_folder_path.
func setParent(ctx context.Context, c *engine.Call, name, parent string) error {
	d, err := c.Get(ctx, "File", name)
	if err != nil {
		return err
	}
	if d.Int("is_folder") != 0 && (parent == name || strings.HasPrefix(parent, name+"/")) {
		return exc.Validation.Throw("A folder cannot be moved into itself")
	}
	d.Set("folder", document.Text(parent))
	if err := c.Save(ctx, d); err != nil {
		return err
	}
	if d.Int("is_folder") == 0 || folderName(d) == d.Name() {
		return nil
	}
	_, err = c.Rename(ctx, "File", d.Name(), folderName(d), engine.RenameOptions{Force: true})
	return err
}

// moveSuccessors follows a renamed folder with what is in it. The links to it are
// rewritten already; folders below still carry the old path in their names.
// Source: file.py after_rename.
func moveSuccessors(ctx context.Context, c *engine.Call, d *document.Document) error {
	if d.Int("is_folder") == 0 {
		return nil
	}
	b := storage.NewBuilder(c.Tx.Dialect()).SQL("SELECT ").Ident("name").SQL(" FROM ").Table("File").SQL(" WHERE ").Ident("folder").SQL(" = ").Str(d.Name()).
		SQL(" AND ").Ident("is_folder").SQL(" = ").Int(1)
	rows, err := c.Tx.Query(ctx, b)
	if err != nil {
		return err
	}
	var names []string
	for rows.Next() {
		names = append(names, document.ToText(rows.Raw(0).Value(doctype.TextClass)))
	}
	err = rows.Err()
	rows.Close()
	for _, name := range names {
		if err := setParent(ctx, c, name, d.Name()); err != nil {
			return err
		}
	}
	return err
}

// attachedImages are the URLs of the files on documents, by document.
// Source: frappe/core/api/file.py get_attached_images.
func attachedImages(ctx context.Context, c *engine.Call, a method.Args) (any, error) {
	v, err := arg.Loads(a.Get("names"))
	if err != nil {
		return nil, err
	}
	in := document.ListOf(document.Text("in"), document.ListOf(v.List()...))
	rows, err := list(ctx, c, query.Request{Fields: document.Texts([]string{"file_url", "attached_to_name as docname"}), Limit: -1,
		Filters: document.MapOf(document.NewObject("attached_to_doctype", a.Get("doctype"), "attached_to_name", in, "is_folder", 0))})
	if err != nil {
		return nil, err
	}
	out := &document.Object{}
	for _, r := range rows {
		name := document.ToText(r.Map().Get("docname"))
		out.Set(name, document.ListOf(append(out.Get(name).List(), r.Map().Get("file_url"))...))
	}
	return out, nil
}
