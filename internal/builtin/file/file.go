// Package file owns the DocType File and the methods around it: uploads, downloads,
// attachments, folders and archives. The bytes themselves are internal/files's. Start
// with Register; insert.go is the life of a new File.
package file

import (
	"context"
	"strings"

	"freddo/document"
	"freddo/exc"
	"freddo/internal/builtin/arg"
	"freddo/internal/builtin/quirk"
	"freddo/internal/compat"
	"freddo/internal/engine"
	"freddo/internal/files"
	"freddo/internal/method"
)

// Register hooks the controller of File and adds the methods.
func Register(h *engine.Hooks, r *method.Registry) {
	h.On("File", engine.BeforeInsert, beforeInsert)
	h.On("File", engine.Autoname, autoname)
	h.On("File", engine.Validate, validate)
	h.On("File", engine.AfterInsert, noteAttached)
	h.On("File", engine.OnTrash, onTrash)
	h.On("File", engine.AfterRename, moveSuccessors)
	h.Method("File", "optimize_file", optimizeFile)
	h.On("System Settings", engine.Validate, cleanExtensions)
	access := &access{}
	h.HasPermission("File", access.may)
	h.QueryCondition("File", access.condition)
	h.On(engine.AnyDocType, engine.BeforeSave, extractImages)
	h.On(engine.AnyDocType, engine.BeforeSubmit, extractImages)
	h.On(engine.AnyDocType, engine.BeforeUpdateAfterSubmit, extractImages)
	h.On(engine.AnyDocType, engine.AfterInsert, relink)
	h.On(engine.AnyDocType, engine.OnUpdate, bindAttachFields)
	h.On(engine.AnyDocType, engine.OnUpdateAfterSubmit, bindAttachFields)
	h.On(engine.AnyDocType, engine.AfterDelete, deleteAttachments)
	up := &uploader{methods: r}
	r.Shorthand("uploadfile", "frappe.handler.uploadfile")
	api := func(s string) string { return "frappe.core.api.file." + s }
	r.Add(
		method.Method{Name: "frappe.handler.upload_file", Guest: true, PostOnly: func(p *compat.Profile) bool { return p.UploadPostOnly }, Fn: up.upload},
		method.Method{Name: "frappe.handler.uploadfile", In: func(p *compat.Profile) bool { return quirk.Of(p).UploadFileOld }, Fn: up.uploadOld},
		method.Method{Name: "frappe.handler.download_file", Guest: true, Params: []method.Param{arg.Req("file_url", method.Str)}, Fn: download},
		method.Method{Name: "frappe.client.attach_file", Verbs: []string{"POST", "PUT"}, Params: attachParams(), Fn: attachFile},
		method.Method{Name: "frappe.desk.form.utils.remove_attach", Verbs: []string{"DELETE", "POST"}, Rest: true, Fn: removeAttach},
		method.Method{Name: api("get_max_file_size"), Guest: true, Fn: maxFileSize},
		method.Method{Name: api("create_new_folder"), Params: []method.Param{arg.Req("file_name", method.Str), arg.Req("folder", method.Str)}, Fn: createFolder},
		method.Method{Name: api("get_files_in_folder"), Params: []method.Param{arg.Req("folder", method.Str), arg.Opt("start", method.Int, 0),
			arg.Opt("page_length", method.Int, 20)}, Fn: filesInFolder},
		method.Method{Name: api("get_files_by_search_text"), Params: []method.Param{arg.Req("text", method.Str)}, Fn: filesByText},
		method.Method{Name: api("move_file"), Params: arg.Any("file_list", "new_parent", "old_parent"), Fn: moveFile},
		method.Method{Name: api("get_attached_images"), Params: arg.Any("doctype", "names"), Fn: attachedImages},
		method.Method{Name: api("unzip_file"), Params: []method.Param{arg.Req("name", method.Str)}, Fn: unzipFile},
		method.Method{Name: api("zip_files"), Params: []method.Param{arg.Req("files", method.Any)}, Fn: zipFiles},
		method.Method{Name: "frappe.utils.file_manager.add_attachments", Params: arg.Any("doctype", "name", "attachments"), Fn: addAttachments},
	)
}

// content is what a File is made of, beside its fields.
type content struct {
	doc  *document.Document
	temp *files.Temp
	// ready says that pictures are cleaned and the disk has the bytes.
	ready bool
	// refusal is why the bytes are not stored, nil where nothing is wrong with them.
	refusal error
	// staged says that the call's stage has the bytes.
	staged bool
	// judged says that the caller may attach to the document that doc hangs on.
	judged bool
	// size is the file_size that an upload claims (a recorded oddity of upstream's, for
	// show only).
	size document.Value
}

type contentKey struct{}

func (in *content) insert(ctx context.Context, c *engine.Call) error {
	if in.temp != nil && in.temp.Size() > 0 {
		if err := in.prepare(ctx, c); err != nil {
			in.temp.Discard()
			return err
		}
	}
	err := c.Insert(context.WithValue(ctx, contentKey{}, in), in.doc)
	if !in.staged {
		in.temp.Discard()
	}
	return err
}

// ofFile is what insert was given with d; nil where it was not called.
func ofFile(ctx context.Context, d *document.Document) *content {
	if in, _ := ctx.Value(contentKey{}).(*content); in != nil && in.doc == d {
		return in
	}
	return nil
}

// contentOf returns what a File that is being inserted is made of: what insert was
// given, or what a client sent as content and decode. Those are no fields, and are
// taken off d. It is nil where there is none.
func contentOf(ctx context.Context, c *engine.Call, d *document.Document) (*content, error) {
	text, decode := d.Get("content"), d.Get("decode")
	d.Extra().Delete("content")
	d.Extra().Delete("decode")
	if in := ofFile(ctx, d); in != nil {
		return in, nil
	}
	if !text.Truthy() {
		return nil, nil
	}
	data := []byte(document.ToText(text))
	if decode.Truthy() {
		var err error
		if data, err = decodeBase64(string(data)); err != nil {
			return nil, err
		}
	}
	return &content{doc: d, temp: c.Files.Of(data)}, nil
}

// setting reads a field of System Settings as a number.
func setting(ctx context.Context, c *engine.Call, field string) (int64, error) {
	v, err := c.Setting(ctx, "System Settings", field)
	return document.Cint(v), err
}

// maxSize is the most bytes that a file may have.
// Source: frappe/core/api/file.py get_max_file_size.
func maxSize(ctx context.Context, c *engine.Call) (int64, error) {
	n, err := setting(ctx, c, "max_file_size")
	if err != nil {
		return 0, err
	}
	if n > 0 {
		return n << 20, nil
	}
	if n := c.Site.Config().Int("max_file_size"); n > 0 {
		return n, nil
	}
	return 25 << 20, nil
}

func maxFileSize(ctx context.Context, c *engine.Call, _ method.Args) (any, error) {
	return maxSize(ctx, c)
}

// attachment is the document that a File hangs on; ok is false when there is none.
func attachment(d *document.Document) (dt, name string, ok bool) {
	dt, name = d.Text("attached_to_doctype"), d.Text("attached_to_name")
	return dt, name, dt != "" && name != ""
}

// noKey refuses URLs that are none of a stored file.
func noKey() error {
	return exc.Validation.Throw("URL must start with http:// or https://").WithTitle("Invalid URL")
}

// badPath refuses URLs that lead out of the folder of files.
func badPath() error {
	return exc.Validation.Throw("The File URL you've entered is incorrect").WithTitle("Invalid File URL")
}

// cleanExtensions keeps allowed_file_extensions a list of capitals, one a line.
// Source: system_settings.py validate_file_extensions.
func cleanExtensions(_ context.Context, _ *engine.Call, d *document.Document) error {
	if d.Type.Column("allowed_file_extensions") == nil || d.Text("allowed_file_extensions") == "" {
		return nil
	}
	lines := strings.Split(d.Text("allowed_file_extensions"), "\n")
	for i, l := range lines {
		lines[i] = strings.ToUpper(strings.TrimSpace(l))
	}
	d.Set("allowed_file_extensions", document.Text(strings.Join(lines, "\n")))
	return nil
}
