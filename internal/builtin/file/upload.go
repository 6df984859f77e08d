package file

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"freddo/doctype"
	"freddo/document"
	"freddo/exc"
	"freddo/internal/builtin/arg"
	"freddo/internal/builtin/core"
	"freddo/internal/builtin/quirk"
	"freddo/internal/engine"
	"freddo/internal/files"
	"freddo/internal/method"
	"freddo/internal/perm"
)

// uploader answers upload_file. It needs the registry: an upload may name a method
// that is called instead of keeping the file.
type uploader struct{ methods *method.Registry }

// request is what an upload says.
type request struct {
	doctype, docname, field, folder, url, name string
	private                                    document.Value
	file                                       *engine.File
	// trusted skips permissions: Guests that the site lets upload.
	trusted bool
}

// upload stores one file. Source: frappe/handler.py upload_file.
func (u *uploader) upload(ctx context.Context, c *engine.Call, _ method.Args) (any, error) {
	in, err := u.read(ctx, c)
	if err != nil {
		return nil, err
	}
	if err := in.checkType(ctx, c); err != nil {
		return nil, err
	}
	if more, err := in.chunk(ctx, c); err != nil || more {
		return nil, err
	}
	if err := in.optimize(ctx, c); err != nil {
		return nil, err
	}
	if m := c.Form.Get("method"); m.Truthy() {
		return u.call(ctx, c, m.Str())
	}
	o := document.NewObject("doctype", "File", "attached_to_doctype", text(in.doctype), "attached_to_name", c.Form.Get("docname"),
		"attached_to_field", text(in.field), "folder", in.folder, "file_name", text(in.name), "file_url", text(in.url),
		"is_private", document.Cint(in.private))
	d, err := c.FromObject(ctx, o)
	if err != nil {
		return nil, err
	}
	d.Flags.IgnorePermissions = in.trusted
	var t *files.Temp
	if in.file != nil {
		t = in.file.Data
	}
	return d, (&content{doc: d, temp: t, judged: true, size: c.Form.Get("file_size")}).insert(ctx, c)
}

// text is null for empty texts, as upstream's missing arguments are.
func text(s string) document.Value {
	if s == "" {
		return document.NullValue
	}
	return document.Text(s)
}

// read takes the arguments and checks who may attach what to which document.
func (u *uploader) read(ctx context.Context, c *engine.Call) (*request, error) {
	in := &request{doctype: c.Form.PropText("doctype"), docname: c.Form.PropText("docname"), field: c.Form.PropText("fieldname"),
		folder: c.Form.PropText("folder"), url: c.Form.PropText("file_url"), name: c.Form.PropText("file_name"), private: c.Form.Get("is_private"),
		file: c.Request.Files["file"]}
	if in.folder == "" {
		in.folder = "Home"
	}
	if c.User == perm.Guest {
		allowed, err := setting(ctx, c, "allow_guests_to_upload_files")
		if err != nil {
			return nil, err
		}
		if allowed == 0 {
			return nil, exc.Permission.New("")
		}
		in.trusted = true
	}
	steps := []func(context.Context, *engine.Call) error{in.library, in.checkWrite}
	if quirk.Of(c.Profile).LibraryAfterCheck {
		steps[0], steps[1] = steps[1], steps[0]
	}
	for _, step := range steps {
		if err := step(ctx, c); err != nil {
			return nil, err
		}
	}
	if in.file != nil {
		in.name = in.file.Name
	}
	return in, nil
}

// library takes over a File that the user may read.
func (in *request) library(ctx context.Context, c *engine.Call) error {
	name := c.Form.PropText("library_file_name")
	if name == "" {
		return nil
	}
	d, err := c.Get(ctx, "File", name)
	if err != nil {
		return err
	}
	if err := c.CheckPermission(ctx, d, doctype.Read); err != nil {
		if e := exc.Of(err); e != nil && exc.Is(err, exc.Permission) {
			e.Hint = "No permission for File " + name
		}
		return err
	}
	in.private, in.url, in.name = d.Get("is_private"), d.Text("file_url"), d.Text("file_name")
	return nil
}

// checkWrite refuses to attach to documents that the user may not write.
// Source: handler.py check_write_permission.
func (in *request) checkWrite(ctx context.Context, c *engine.Call) error {
	if in.trusted || in.doctype == "" {
		return nil
	}
	if in.docname == "" {
		return checkDocType(ctx, c, in.doctype)
	}
	return mayAttach(ctx, c, in.doctype, in.docname)
}

// checkDocType refuses without the right to write a DocType's documents.
func checkDocType(ctx context.Context, c *engine.Call, dt string) error {
	ok, err := c.HasPermission(ctx, dt, doctype.Write, nil)
	if err != nil || ok {
		return err
	}
	c.Msgprint(exc.Message{Text: fmt.Sprintf("User %s does not have doctype access via role permission for document %s", engine.Bold(c.User), engine.Bold(dt))})
	return exc.Permission.New("").WithHint("No permission for " + dt)
}

// optimize makes an uploaded picture smaller when that is asked for.
func (in *request) optimize(ctx context.Context, c *engine.Call) error {
	if in.file == nil || !c.Form.Get("optimize").Truthy() {
		return nil
	}
	kind := files.TypeByName(in.name)
	if !strings.HasPrefix(kind, "image/") {
		return nil
	}
	data, err := in.file.Data.Bytes(maxImage)
	if err != nil {
		c.Msgprint(imageMessage())
		return nil //nolint:nilerr // kept as it is
	}
	width, height := document.Flt(c.Form.Get("max_width")), document.Flt(c.Form.Get("max_height"))
	err = c.Aside(ctx, func() error {
		if out := optimized(c, data, kind, width, height); len(out) != len(data) {
			in.file.Data.Discard()
			in.file.Data = c.Files.Of(out)
		}
		return nil
	})
	if errors.Is(err, engine.ErrHolding) {
		return nil // kept as it is: others wait
	}
	return err
}

// allowedTypes are what those without the desk may upload.
// Source: handler.py ALLOWED_MIMETYPES.
var allowedTypes = map[string]bool{
	"image/png": true, "image/jpeg": true, "application/pdf": true, "application/msword": true, "text/plain": true, "video/quicktime": true, "video/mp4": true,
	"application/vnd.openxmlformats-officedocument.wordprocessingml.document": true, "application/vnd.ms-excel": true,
	"application/vnd.openxmlformats-officedocument.spreadsheetml.sheet": true, "application/vnd.oasis.opendocument.text": true,
	"application/vnd.oasis.opendocument.spreadsheet": true,
}

func (in *request) checkType(ctx context.Context, c *engine.Call) error {
	if in.file == nil {
		return nil
	}
	me, err := c.Me(ctx)
	if err != nil || me.Name == perm.Administrator || me.IsSystem() {
		return err
	}
	q := quirk.Of(c.Profile)
	if kind := files.TypeByName(in.name); allowedTypes[kind] || q.UploadCSV && kind == "text/csv" || q.UploadGIF && kind == "image/gif" {
		return nil
	}
	return exc.Validation.Throw(q.UploadTypesText)
}

// call runs the method that an upload names, without arguments.
func (u *uploader) call(ctx context.Context, c *engine.Call, name string) (any, error) {
	m, ok := u.methods.Lookup(name)
	if !ok {
		app, _, _ := strings.Cut(name, ".")
		if app == "frappe" {
			return nil, method.NotWhitelisted(name, c.Profile.GuestSummaryLogin)
		}
		return nil, exc.AppNotInstalled.Throwf("App %s is not installed", app)
	}
	if c.User == perm.Guest && !m.Guest {
		return nil, method.NotWhitelisted(name, c.Profile.GuestSummaryLogin)
	}
	if len(m.Params) > 0 && m.Params[0].Required {
		return nil, exc.TypeErr.Errorf("%s() missing required positional arguments", name[strings.LastIndexByte(name, '.')+1:])
	}
	if m.Name == "frappe.handler.upload_file" {
		return nil, exc.Validation.Throw("An upload cannot upload")
	}
	form := c.Form
	c.Form = &document.Object{}
	defer func() { c.Form = form }()
	args, err := m.Bind(c.Profile, c.Form)
	if err != nil {
		return nil, err
	}
	return m.Fn(ctx, c, args)
}

// uploadOld is the older upload of base64, which answers nothing but 500 when it fails.
// Source: handler.py uploadfile.
func (u *uploader) uploadOld(ctx context.Context, c *engine.Call, _ method.Args) (any, error) {
	in := &request{doctype: c.Form.PropText("doctype"), docname: c.Form.PropText("docname")}
	if err := in.checkWrite(ctx, c); err != nil {
		return nil, err
	}
	if !c.Form.Get("from_form").Truthy() {
		if m := c.Form.Get("method"); m.Truthy() {
			return u.call(ctx, c, m.Str())
		}
		return nil, nil
	}
	var d *document.Document
	err := isolated(ctx, c, func() error {
		data, err := decodeBase64(c.Form.PropText("filedata"))
		if err != nil {
			return err
		}
		d, err = c.FromObject(ctx, document.NewObject("doctype", "File", "attached_to_doctype", text(in.doctype), "attached_to_name", c.Form.Get("docname"),
			"attached_to_field", c.Form.Get("docfield"), "file_url", c.Form.Get("file_url"), "file_name", c.Form.Get("filename"),
			"is_private", document.Cint(c.Form.Get("is_private"))))
		if err != nil {
			return err
		}
		return (&content{doc: d, temp: c.Files.Of(data), judged: true, size: c.Form.Get("file_size")}).insert(ctx, c)
	})
	if err != nil && exc.Of(err) != nil {
		core.Catch(c, err)
		c.Response.Status = 500
		return nil, nil
	}
	return d, err
}

func attachParams() []method.Param {
	return []method.Param{arg.Opt("filename", method.Any, nil), arg.Opt("filedata", method.Any, nil), arg.Opt("doctype", method.Any, nil),
		arg.Opt("docname", method.Any, nil), arg.Opt("folder", method.Any, nil), arg.Opt("decode_base64", method.Any, false),
		arg.Opt("is_private", method.Any, nil), arg.Opt("docfield", method.Any, nil)}
}

// attachFile stores text or base64 as a file on a document that the user may write, or,
// as upstream has it, may read where the site is in compat mode.
// Source: frappe/client.py attach_file.
func attachFile(ctx context.Context, c *engine.Call, a method.Args) (any, error) {
	ref, err := c.Get(ctx, a.Text("doctype"), a.Text("docname"))
	if err != nil {
		return nil, err
	}
	if err := c.CheckPermission(ctx, ref, doctype.Read); err != nil {
		return nil, err
	}
	data := []byte(a.Text("filedata"))
	if a.Get("decode_base64").Truthy() {
		if data, err = decodeBase64(string(data)); err != nil {
			return nil, err
		}
	}
	d, err := c.FromObject(ctx, document.NewObject("doctype", "File", "file_name", text(a.Text("filename")), "attached_to_doctype", a.Get("doctype"),
		"attached_to_name", a.Get("docname"), "attached_to_field", a.Get("docfield"), "folder", a.Get("folder"), "is_private", document.Cint(a.Get("is_private"))))
	if err != nil {
		return nil, err
	}
	readers := c.Site.Config().Str("permlevel_mode") == "compat"
	if err := (&content{doc: d, temp: c.Files.Of(data), judged: readers}).insert(ctx, c); err != nil {
		return nil, err
	}
	if field := a.Text("docfield"); field != "" {
		ref.Set(field, d.Get("file_url"))
		if err := c.Save(ctx, ref); err != nil {
			return nil, err
		}
	}
	return d, nil
}

// removeAttach deletes a File by its name fid.
// Source: frappe/desk/form/utils.py remove_attach.
func removeAttach(ctx context.Context, c *engine.Call, a method.Args) (any, error) {
	return nil, c.Delete(ctx, "File", a.Text("fid"))
}

// addAttachments copies Files onto a document. Upstream asks for no permission; here
// the document must be writable and the Files readable.
// Source: frappe/utils/file_manager.py add_attachments.
func addAttachments(ctx context.Context, c *engine.Call, a method.Args) (any, error) {
	ref, err := c.Get(ctx, a.Text("doctype"), a.Text("name"))
	if err != nil {
		return nil, err
	}
	if err := c.CheckPermission(ctx, ref, doctype.Write); err != nil {
		return nil, err
	}
	out := []*document.Document{}
	for _, name := range arg.Strings(a.Get("attachments")) {
		src, err := c.Get(ctx, "File", name)
		if err != nil {
			return nil, err
		}
		if err := c.CheckPermission(ctx, src, doctype.Read); err != nil {
			return nil, err
		}
		d, err := c.FromObject(ctx, document.NewObject("doctype", "File", "file_url", src.Get("file_url"), "file_name", src.Get("file_name"),
			"attached_to_doctype", a.Get("doctype"), "attached_to_name", a.Get("name"), "folder", "Home/Attachments"))
		if err != nil {
			return nil, err
		}
		d.Flags.IgnorePermissions = true
		if err := c.Insert(ctx, d); err != nil {
			return nil, err
		}
		out = append(out, d)
	}
	return out, nil
}
