package file

import (
	"context"
	"errors"
	"fmt"
	"net/url"
	"strconv"
	"strings"

	"freddo/document"
	"freddo/exc"
	"freddo/internal/builtin/quirk"
	"freddo/internal/engine"
	"freddo/internal/files"
	"freddo/internal/perm"
	"freddo/internal/storage"
)

// autoname names folders by their path and files at random.
func autoname(_ context.Context, _ *engine.Call, d *document.Document) error {
	if d.Int("is_folder") == 0 {
		d.SetName(engine.RandomHex(10))
		return nil
	}
	d.SetName(folderName(d))
	return nil
}

func folderName(d *document.Document) string {
	if f := d.Text("folder"); f != "" {
		return f + "/" + d.Text("file_name")
	}
	return d.Text("file_name")
}

// beforeInsert completes a new File and stores its bytes.
// Source: file.py before_insert.
func beforeInsert(ctx context.Context, c *engine.Call, d *document.Document) error {
	in, err := contentOf(ctx, c, d)
	if err != nil {
		return err
	}
	dropFacts(c, d)
	if quirk.Of(c.Profile).FileURLEarly {
		d.Set("file_url", document.Text(unquote(d.Text("file_url"))))
	}
	for _, step := range []func(context.Context, *engine.Call, *document.Document) error{setFolder, setPrivate, setFileName, checkAttachmentLimit, setFileType} {
		if err := step(ctx, c, d); err != nil {
			return err
		}
	}
	if d.Int("is_folder") != 0 {
		return nil
	}
	if isRemote(c, d) || d.Text("file_url") == "" && (in == nil || in.temp == nil || in.temp.Size() == 0) {
		cutOwnURL(c, d)
	} else if err := save(ctx, c, d, in); err != nil {
		return err
	}
	if _, _, attached := attachment(d); !attached && in != nil {
		return nil // save has looked for equal bytes already
	}
	return shareURL(ctx, c, d)
}

func setFolder(ctx context.Context, c *engine.Call, d *document.Document) error {
	if d.Text("folder") != "" {
		return nil
	}
	if d.Text("attached_to_doctype") != "" {
		name, err := attachmentsFolder(ctx, c)
		if err == nil && name != "" {
			d.Set("folder", document.Text(name))
		}
		return err
	}
	if d.Int("is_home_folder") == 0 {
		d.Set("folder", document.Text("Home"))
	}
	return nil
}

func attachmentsFolder(ctx context.Context, c *engine.Call) (string, error) {
	f, err := first(ctx, c, where{"is_attachments_folder", document.IntOf(1)})
	return f.name, err
}

// setPrivate follows the URL when there is one, from v16 on unless the File is private.
func setPrivate(_ context.Context, c *engine.Call, d *document.Document) error {
	if quirk.Of(c.Profile).KeepPrivate && d.Int("is_private") != 0 {
		d.Set("is_private", document.IntOf(1))
	} else if u := d.Text("file_url"); u != "" {
		d.Set("is_private", document.IntOf(flag(strings.HasPrefix(u, "/private"))))
	} else {
		d.Set("is_private", document.IntOf(d.Int("is_private")))
	}
	return nil
}

func flag(b bool) int64 {
	if b {
		return 1
	}
	return 0
}

func setFileName(_ context.Context, _ *engine.Call, d *document.Document) error {
	name, u := d.Text("file_name"), d.Text("file_url")
	switch {
	case name == "" && u == "":
		return exc.Mandatory.Throw("Fields `file_name` or `file_url` must be set for File")
	case name == "":
		name = u[strings.LastIndexByte(u, '/')+1:]
	default:
		name = strings.ReplaceAll(name, "/", "")
	}
	d.Set("file_name", document.Text(name))
	return nil
}

// checkAttachmentLimit refuses more files than the DocType allows.
func checkAttachmentLimit(ctx context.Context, c *engine.Call, d *document.Document) error {
	dtName, name, ok := attachment(d)
	if !ok {
		return nil
	}
	dt, err := c.DocType(ctx, dtName)
	if err != nil || dt.MaxAttachments <= 0 {
		return err
	}
	b := storage.NewBuilder(c.Tx.Dialect()).SQL("SELECT COUNT(*) FROM ").Table("File").SQL(" WHERE ").Ident("attached_to_doctype").SQL(" = ").Str(dtName).
		SQL(" AND ").Ident("attached_to_name").SQL(" = ").Str(name)
	var n document.Value
	if _, err := c.Tx.QueryRow(ctx, b, &n); err != nil || document.Cint(n) < int64(dt.MaxAttachments) {
		return err
	}
	return exc.AttachmentLimitReached.Throwf("Maximum Attachment Limit of %s has been reached for %s %s.",
		engine.Bold(strconv.Itoa(dt.MaxAttachments)), dtName, name).WithTitle("Attachment Limit Reached")
}

// setFileType guesses the type from the name and refuses those that are not allowed.
func setFileType(ctx context.Context, c *engine.Call, d *document.Document) error {
	if d.Int("is_folder") != 0 {
		return nil
	}
	kind := files.FileType(d.Text("file_name"))
	if kind == "" {
		return nil
	}
	d.Set("file_type", document.Text(kind))
	if !quirk.Of(c.Profile).FileExtensions || c.Request.Method == "" {
		return nil
	}
	v, err := c.Setting(ctx, "System Settings", "allowed_file_extensions")
	if err != nil || document.ToText(v) == "" {
		return err
	}
	for line := range strings.Lines(document.ToText(v)) {
		if strings.TrimRight(line, "\r\n") == kind {
			return nil
		}
	}
	return exc.FileTypeNotAllowed.Throwf("File type of %s is not allowed", kind)
}

// isRemote reports whether a File is only a link. Source: file.py is_remote_file.
func isRemote(c *engine.Call, d *document.Document) bool {
	u := d.Text("file_url")
	if strings.HasPrefix(u, "/api/method/") && quirk.Of(c.Profile).MethodFileURL {
		return true
	}
	return strings.HasPrefix(u, "http://") || strings.HasPrefix(u, "https://")
}

// cutOwnURL makes a URL of this site a path.
func cutOwnURL(c *engine.Call, d *document.Document) {
	if u, ok := strings.CutPrefix(d.Text("file_url"), c.BaseURL()); ok && strings.Contains(u, "/files/") {
		d.Set("file_url", document.Text(u))
	}
}

// save stores the bytes of a new File, or takes over those that its URL names.
// Source: file.py save_file.
func save(ctx context.Context, c *engine.Call, d *document.Document, in *content) error {
	if in == nil || in.temp == nil || in.temp.Size() == 0 {
		return adopt(ctx, c, d)
	}
	if err := in.prepare(ctx, c); err != nil {
		return err
	}
	size := in.temp.Size()
	if err := checkSize(ctx, c, size); err != nil {
		return err
	}
	hash := in.temp.Hash()
	d.Set("file_size", document.IntOf(size))
	d.Set("content_hash", document.Text(hash))
	same, err := first(ctx, c, where{"content_hash", document.Text(hash)}, where{"is_private", d.Get("is_private")})
	if err != nil {
		return err
	}
	there, err := stored(c, same.url)
	if err != nil {
		return err
	}
	if !there {
		if in.refusal != nil {
			return in.refusal
		}
		return put(c, d, in, hash)
	}
	keep, err := keepsOwn(ctx, c, d.Text("file_url"))
	if err == nil && !keep {
		d.Set("file_url", document.Text(same.url))
	}
	return err
}

// stored reports whether bytes lie under a URL; those of other sites are none.
func stored(c *engine.Call, u string) (bool, error) {
	k, ok := files.KeyOf(u)
	if !ok {
		return false, nil
	}
	return c.Stage().Exists(k)
}

// keepsOwn reports whether a File whose bytes are known under another URL keeps the one
// that it was given.
func keepsOwn(ctx context.Context, c *engine.Call, u string) (bool, error) {
	if !quirk.Of(c.Profile).KeepOwnURL {
		return false, nil
	}
	there, err := stored(c, u)
	if err != nil || !there {
		return false, err
	}
	k, _ := files.KeyOf(u)
	err = mayAdopt(ctx, c, k)
	if exc.Is(err, exc.Permission) {
		return false, nil
	}
	return err == nil, err
}

// put stores bytes under the File's name, or one like it that is free.
// Source: file/utils.py generate_file_name, file.py save_file_on_filesystem.
func put(c *engine.Call, d *document.Document, in *content, hash string) error {
	name := d.Text("file_name")
	for try := 0; ; try++ {
		candidate := name
		switch {
		case try == 1:
			candidate = files.WithSuffix(name, hash[len(hash)-6:])
		case try > 1:
			candidate = files.WithSuffix(name, engine.RandomHex(6))
		}
		k := files.Key{Private: d.Int("is_private") != 0, Name: diskName(c, candidate)}
		if len(k.Name) > maxNameBytes {
			return exc.CharacterLengthExceeded.Throwf("File name %s is too long", name)
		}
		if try < maxTries {
			free, err := c.Stage().Free(k)
			if err != nil {
				return fmt.Errorf("store a file: %w", err)
			}
			if !free {
				continue
			}
		}
		err := c.Stage().Put(k, in.temp)
		in.staged = true
		switch {
		case errors.Is(err, files.ErrExist) && try < maxTries:
			continue
		case errors.Is(err, files.ErrBadName):
			return badPath()
		case err != nil:
			return fmt.Errorf("store a file: %w", err)
		}
		d.Set("file_name", document.Text(candidate))
		d.Set("file_url", document.Text(k.URL()))
		return nil
	}
}

const (
	maxTries     = 20
	maxNameBytes = 255 // what file systems take
)

// diskName is the name that a file has in its URL.
func diskName(c *engine.Call, name string) string {
	if !c.Profile.SafeFileNames {
		return name
	}
	return strings.NewReplacer("/", "_", `\`, "_", "%", "_", "?", "_", "#", "_").Replace(name)
}

// adopt makes a File of bytes that are stored already. Upstream reads whatever the path
// leads to, for whoever asks; here it must be a file that the user may read.
func adopt(ctx context.Context, c *engine.Call, d *document.Document) error {
	k, err := storedKey(d.Text("file_url"))
	if err != nil {
		return err
	}
	if err := mayAdopt(ctx, c, k); err != nil {
		return err
	}
	known, err := first(ctx, c, where{"file_url", document.Text(k.URL())}, where{"is_private", d.Get("is_private")})
	if err != nil {
		return err
	}
	if known.hash != "" {
		there, err := c.Stage().Exists(k)
		if err != nil {
			return err
		}
		if there {
			d.Set("content_hash", document.Text(known.hash))
			d.Set("file_size", document.IntOf(known.size))
			return nil
		}
	}
	f, err := c.Stage().Open(k)
	if err != nil {
		return notFound(k.URL(), err)
	}
	defer func() { _ = f.Close() }()
	hash, err := files.Hash(f)
	if err != nil {
		return err
	}
	d.Set("content_hash", document.Text(hash))
	d.Set("file_size", document.IntOf(f.Size()))
	return nil
}

// storedKey is the key of a URL that must be a stored file's.
func storedKey(u string) (files.Key, error) {
	k, ok := files.KeyOf(u)
	if !ok {
		return k, noKey()
	}
	if !k.Valid() {
		return k, badPath()
	}
	return k, nil
}

// mayAdopt refuses private bytes that no File lets the user read.
func mayAdopt(ctx context.Context, c *engine.Call, k files.Key) error {
	if !k.Private || c.User == perm.Administrator {
		return nil
	}
	d, err := findByURL(ctx, c, k.URL(), "")
	if err != nil || d != nil {
		return err
	}
	if there, err := c.Stage().Exists(k); err != nil || !there {
		return err // that it is missing is said elsewhere
	}
	return exc.Permission.Throw("You don't have permission to access this file")
}

func checkSize(ctx context.Context, c *engine.Call, size int64) error {
	limit, err := maxSize(ctx, c)
	if err != nil || size <= limit {
		return err
	}
	text := fmt.Sprintf("File size exceeded the maximum allowed size of %s MB", string(document.Python.AppendFloat(nil, float64(limit)/(1<<20))))
	ok, err := c.HasPermission(ctx, "System Settings", writeRight, nil)
	if err != nil {
		return err
	}
	if ok {
		text += ".<br>You can increase the limit from System Settings."
	}
	return exc.MaxFileSizeReached.Throw(text)
}

// shareURL takes over the URL of equal bytes that hang on the same document.
// Source: file.py validate_duplicate_entry.
func shareURL(ctx context.Context, c *engine.Call, d *document.Document) error {
	hash := d.Text("content_hash")
	if hash == "" {
		return nil
	}
	conditions := []where{{"content_hash", document.Text(hash)}, {"is_private", d.Get("is_private")}}
	if dt, name, ok := attachment(d); ok {
		conditions = append(conditions, where{"attached_to_doctype", document.Text(dt)}, where{"attached_to_name", document.Text(name)})
	}
	same, err := first(ctx, c, conditions...)
	if err != nil || same.url == "" || same.url == d.Text("file_url") {
		return err
	}
	there, err := stored(c, same.url)
	if err != nil || !there {
		return err
	}
	k, _ := files.KeyOf(same.url)
	if err := mayAdopt(ctx, c, k); exc.Is(err, exc.Permission) {
		return nil // the File keeps the bytes that it came with
	} else if err != nil {
		return err
	}
	d.Set("file_url", document.Text(same.url))
	return nil
}

// where is one condition of equality.
type where struct {
	field string
	value document.Value
}

type row struct {
	name, url, hash string
	size            int64
}

// first returns the File that a lookup by equality finds first, as upstream's get_value
// orders them; the zero row when there is none.
func first(ctx context.Context, c *engine.Call, conditions ...where) (row, error) {
	b := storage.NewBuilder(c.Tx.Dialect()).SQL("SELECT ").Ident("name").SQL(", ").Ident("file_url").SQL(", ").Ident("content_hash").SQL(", ").Ident("file_size").
		SQL(" FROM ").Table("File").SQL(" WHERE ")
	for i, w := range conditions {
		if i > 0 {
			b.SQL(" AND ")
		}
		b.Ident(w.field).SQL(" = ").Arg(w.value)
	}
	b.SQL(" ORDER BY ").Ident(c.Profile.SortDefault).SQL(" DESC LIMIT 1")
	var name, u, hash, size document.Value
	if _, err := c.Tx.QueryRow(ctx, b, &name, &u, &hash, &size); err != nil {
		return row{}, err
	}
	return row{document.ToText(name), document.ToText(u), document.ToText(hash), document.Cint(size)}, nil
}

// unquote decodes percent escapes; malformed ones stay. Source: Python's
// urllib.parse.unquote.
func unquote(s string) string {
	if !strings.Contains(s, "%") {
		return s
	}
	if out, err := url.PathUnescape(s); err == nil {
		return strings.ToValidUTF8(out, "\uFFFD")
	}
	var b strings.Builder
	for i := 0; i < len(s); i++ {
		if s[i] == '%' && i+2 < len(s) {
			if n, err := strconv.ParseUint(s[i+1:i+3], 16, 8); err == nil {
				b.WriteByte(byte(n))
				i += 2
				continue
			}
		}
		b.WriteByte(s[i])
	}
	return strings.ToValidUTF8(b.String(), "\uFFFD")
}
