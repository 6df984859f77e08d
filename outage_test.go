package freddo

import (
	"archive/zip"
	"bytes"
	"context"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"image"
	"image/color"
	"image/png"
	"io"
	"io/fs"
	"log/slog"
	"maps"
	"mime/multipart"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"freddo/document"
	"freddo/internal/engine"
	"freddo/internal/files"
	"freddo/internal/files/filestest"
	"freddo/internal/perm"
)

// outage is a site whose store of files fails on demand.
type outage struct {
	t     *testing.T
	app   *App
	store *filestest.Failing
	token string
	log   bytes.Buffer
	made  int
}

func newOutage(t *testing.T, release string) *outage {
	t.Helper()
	return newOutageOf(t, worldSite(t, release))
}

func newOutageOf(t *testing.T, app *App) *outage {
	t.Helper()
	o := &outage{t: t, app: app, store: filestest.NewFailing(t, app.cfg.Site, app.engine.Files.Store)}
	app.engine.Files.Store = o.store
	app.log = slog.New(slog.NewTextHandler(&o.log, &slog.HandlerOptions{Level: slog.LevelError}))
	app.engine.Log = app.log
	key, secret, err := app.GenerateKeys(context.Background(), perm.Administrator)
	if err != nil {
		t.Fatal(err)
	}
	o.token = "token " + key + ":" + secret
	return o
}

func (o *outage) send(verb, target, contentType, body string) *httptest.ResponseRecorder {
	r := httptest.NewRequest(verb, target, strings.NewReader(body))
	r.Header.Set("Authorization", o.token)
	r.Header.Set("Accept", "application/json")
	if contentType != "" {
		r.Header.Set("Content-Type", contentType)
	}
	w := httptest.NewRecorder()
	o.app.Handler().ServeHTTP(w, r)
	return w
}

func (o *outage) json(verb, target string, body map[string]any) *httptest.ResponseRecorder {
	data, _ := json.Marshal(body)
	return o.send(verb, target, "application/json", string(data))
}

func (o *outage) call(name string, args map[string]any) *httptest.ResponseRecorder {
	return o.json("POST", "/api/method/"+name, args)
}

func (o *outage) upload(name, content string, fields ...string) *httptest.ResponseRecorder {
	var b bytes.Buffer
	w := multipart.NewWriter(&b)
	for i := 0; i+1 < len(fields); i += 2 {
		_ = w.WriteField(fields[i], fields[i+1])
	}
	p, _ := w.CreateFormFile("file", name)
	_, _ = io.WriteString(p, content)
	_ = w.Close()
	return o.send("POST", "/api/method/upload_file", w.FormDataContentType(), b.String())
}

// answer is the document of an answer that must be good.
func (o *outage) answer(w *httptest.ResponseRecorder) *document.Object {
	o.t.Helper()
	v, err := document.ParseJSON(w.Body.String())
	if err != nil || w.Code != http.StatusOK {
		o.t.Fatalf("%d %s", w.Code, w.Body)
	}
	if m := v.Map().Get("message").Map(); m != nil {
		return m
	}
	return v.Map().Get("data").Map()
}

// fresh is content that no other file has, of n bytes or a few more.
func (o *outage) fresh(n int) string {
	o.made++
	return fmt.Sprintf("content %d", o.made) + strings.Repeat("x", n)
}

// file uploads a private file and returns it.
func (o *outage) file(name, content string, fields ...string) *document.Object {
	o.t.Helper()
	return o.answer(o.upload(name, content, append(fields, "is_private", "1")...))
}

func (o *outage) todo(text string) string {
	o.t.Helper()
	return o.answer(o.json("POST", "/api/resource/ToDo", map[string]any{"description": text})).Str("name")
}

// state is every File and every stored file; it fails unless each has the other.
func (o *outage) state() []string {
	o.t.Helper()
	var out []string
	named := map[string]bool{}
	err := o.app.engine.Do(context.Background(), perm.Administrator, func(ctx context.Context, c *engine.Call) error {
		rows, err := c.Rows(ctx, "File", []string{"name", "file_url", "content_hash", "attached_to_name"}, document.NewObject("is_folder", 0), "name asc")
		for _, r := range rows {
			k, _ := files.KeyOf(r.Str("file_url"))
			f, err := c.Files.Open(k)
			if err != nil {
				return fmt.Errorf("a File without content: %w", err)
			}
			if hash, err := files.Hash(f); err != nil || hash != r.Str("content_hash") {
				o.t.Errorf("%s: the content is another one: %v", k.URL(), err)
			}
			_ = f.Close()
			named[k.Path()] = true
			out = append(out, document.ORJSON.Marshal(document.MapOf(r)))
		}
		return err
	})
	if err != nil {
		o.t.Error(err)
	}
	for _, d := range []string{"public", "private"} {
		_ = filepath.WalkDir(filepath.Join(o.app.cfg.Site, d), func(p string, e fs.DirEntry, err error) error {
			if err == nil && !e.IsDir() {
				rel, _ := filepath.Rel(o.app.cfg.Site, p)
				out = append(out, rel)
				if !named[filepath.ToSlash(rel)] {
					o.t.Errorf("%s: content without a File", rel)
				}
			}
			return err
		})
	}
	return out
}

func picture(shade uint8) string {
	m := image.NewRGBA(image.Rect(0, 0, 60, 60))
	for i := range 60 {
		m.Set(i, i, color.RGBA{shade, uint8(i), shade, 255})
	}
	var b bytes.Buffer
	_ = (&png.Encoder{CompressionLevel: png.NoCompression}).Encode(&b, m)
	return b.String()
}

func archive(texts ...string) string {
	var b bytes.Buffer
	z := zip.NewWriter(&b)
	for i, text := range texts {
		w, _ := z.Create(fmt.Sprintf("member %d.txt", i))
		_, _ = io.WriteString(w, text)
	}
	_ = z.Close()
	return b.String()
}

// requests are made with the store up; what each returns is then sent with it down.
var requests = map[string]func(o *outage) func() *httptest.ResponseRecorder{
	"a short upload": func(o *outage) func() *httptest.ResponseRecorder {
		text := o.fresh(0)
		return func() *httptest.ResponseRecorder { return o.upload("a.txt", text) }
	},
	"a long upload": func(o *outage) func() *httptest.ResponseRecorder {
		text := o.fresh(2 << 20)
		return func() *httptest.ResponseRecorder { return o.upload("a.txt", text, "is_private", "1") }
	},
	"an upload of bytes that are there": func(o *outage) func() *httptest.ResponseRecorder {
		text := o.fresh(0)
		o.file("a.txt", text)
		return func() *httptest.ResponseRecorder { return o.upload("b.txt", text, "is_private", "1") }
	},
	"an upload of a name that is there": func(o *outage) func() *httptest.ResponseRecorder {
		u := o.file("same.txt", o.fresh(0)).Str("file_url")
		return func() *httptest.ResponseRecorder {
			return o.upload(u[strings.LastIndexByte(u, '/')+1:], o.fresh(0), "is_private", "1")
		}
	},
	"a File of a URL": func(o *outage) func() *httptest.ResponseRecorder {
		u := o.file("a.txt", o.fresh(0)).Str("file_url")
		return func() *httptest.ResponseRecorder {
			return o.json("POST", "/api/resource/File", map[string]any{"file_url": u, "is_private": 1})
		}
	},
	"attach_file": func(o *outage) func() *httptest.ResponseRecorder {
		args := map[string]any{"filename": "b.txt", "filedata": o.fresh(0), "doctype": "ToDo", "docname": o.todo("x"), "is_private": 1}
		return func() *httptest.ResponseRecorder { return o.call("frappe.client.attach_file", args) }
	},
	"add_attachments": func(o *outage) func() *httptest.ResponseRecorder {
		args := map[string]any{"doctype": "ToDo", "name": o.todo("x"), "attachments": []string{o.file("a.txt", o.fresh(0)).Str("name")}}
		return func() *httptest.ResponseRecorder { return o.call("frappe.utils.file_manager.add_attachments", args) }
	},
	"a field that names a file": func(o *outage) func() *httptest.ResponseRecorder {
		o.made++
		u := o.answer(o.upload("a.png", picture(uint8(o.made)), "doctype", "ToDo", "docname", o.todo("x"))).Str("file_url")
		o.answer(o.json("PUT", "/api/resource/User/Guest", map[string]any{"user_image": ""}))
		return func() *httptest.ResponseRecorder {
			return o.json("PUT", "/api/resource/User/Guest", map[string]any{"user_image": u})
		}
	},
	"a picture in a text": func(o *outage) func() *httptest.ResponseRecorder {
		o.made++
		text := `<img src="data:image/png;base64,` + base64.StdEncoding.EncodeToString([]byte(picture(uint8(o.made)))) + `">`
		return func() *httptest.ResponseRecorder {
			return o.json("POST", "/api/resource/ToDo", map[string]any{"description": text})
		}
	},
	"a smaller picture": func(o *outage) func() *httptest.ResponseRecorder {
		o.made++
		f := o.file("p.png", picture(uint8(o.made)))
		return func() *httptest.ResponseRecorder {
			return o.call("run_doc_method", map[string]any{"dt": "File", "dn": f.Str("name"), "method": "optimize_file"})
		}
	},
	"a change of privacy": func(o *outage) func() *httptest.ResponseRecorder {
		f := o.file("a.txt", o.fresh(0))
		return func() *httptest.ResponseRecorder {
			return o.json("PUT", "/api/resource/File/"+f.Str("name"), map[string]any{"is_private": 0})
		}
	},
	"a deletion": func(o *outage) func() *httptest.ResponseRecorder {
		f := o.file("a.txt", o.fresh(0))
		return func() *httptest.ResponseRecorder {
			return o.send("DELETE", "/api/resource/File/"+f.Str("name"), "", "")
		}
	},
	"a deletion of a document": func(o *outage) func() *httptest.ResponseRecorder {
		name := o.todo("x")
		o.file("a.txt", o.fresh(0), "doctype", "ToDo", "docname", name)
		o.file("b.txt", o.fresh(2<<20), "doctype", "ToDo", "docname", name)
		return func() *httptest.ResponseRecorder { return o.send("DELETE", "/api/resource/ToDo/"+name, "", "") }
	},
	"an archive": func(o *outage) func() *httptest.ResponseRecorder {
		names := []string{o.file("a.txt", o.fresh(0)).Str("name"), o.file("b.txt", o.fresh(0)).Str("name")}
		return func() *httptest.ResponseRecorder {
			return o.call("frappe.core.api.file.zip_files", map[string]any{"files": names})
		}
	},
	"an archive unpacked": func(o *outage) func() *httptest.ResponseRecorder {
		f := o.file("a.zip", archive(o.fresh(0), o.fresh(2<<20)))
		return func() *httptest.ResponseRecorder {
			return o.call("frappe.core.api.file.unzip_file", map[string]any{"name": f.Str("name")})
		}
	},
	"a private download": func(o *outage) func() *httptest.ResponseRecorder {
		u := o.file("a.txt", o.fresh(0)).Str("file_url")
		return func() *httptest.ResponseRecorder { return o.send("GET", u, "", "") }
	},
	"a public download": func(o *outage) func() *httptest.ResponseRecorder {
		u := o.answer(o.upload("a.txt", o.fresh(0))).Str("file_url")
		return func() *httptest.ResponseRecorder { return o.send("GET", u, "", "") }
	},
	"download_file": func(o *outage) func() *httptest.ResponseRecorder {
		u := o.file("a.txt", o.fresh(0)).Str("file_url")
		return func() *httptest.ResponseRecorder {
			return o.send("GET", "/api/method/frappe.handler.download_file?file_url="+u, "", "")
		}
	},
}

// TestAStoreOfFilesThatGoesDownAnswers503AndChangesNothing lets the store go down before
// every call that a request makes of it, and brings it back.
func TestAStoreOfFilesThatGoesDownAnswers503AndChangesNothing(t *testing.T) {
	t.Parallel()
	for _, release := range []string{"v14", "v16"} {
		t.Run(release, func(t *testing.T) {
			t.Parallel()
			o := newOutage(t, release)
			for _, name := range slices.Sorted(maps.Keys(requests)) {
				if !t.Run(name, func(t *testing.T) { o.t = t; o.everyCall(name) }) {
					return
				}
			}
		})
	}
}

func (o *outage) everyCall(name string) {
	refused, down := true, 0
	for n := 0; refused && !o.t.Failed(); n++ {
		send := requests[name](o)
		before := o.state()
		o.log.Reset()
		o.store.Down(n)
		w := send()
		refused = o.store.Up()
		if w.Code >= 500 {
			down++
		}
		o.check(fmt.Sprintf("down after %d calls", n), w, refused, before)
	}
	if down == 0 {
		o.t.Error("no outage was noticed")
	}
}

func (o *outage) check(name string, w *httptest.ResponseRecorder, refused bool, before []string) {
	o.t.Helper()
	body := w.Body.String()
	if strings.Contains(body, filestest.Secret) || strings.Contains(fmt.Sprint(w.Header()), filestest.Secret) {
		o.t.Errorf("%s: the answer tells of the inside: %s", name, body)
	}
	if logged := strings.Count(o.log.String(), "level=ERROR"); logged > 1 || w.Code >= 400 && logged != 1 {
		o.t.Errorf("%s: logged %d times: %s", name, logged, o.log.String())
	}
	if w.Code != http.StatusOK && w.Code != http.StatusAccepted && (w.Code != http.StatusServiceUnavailable || !refused) {
		o.t.Errorf("%s: %d %s", name, w.Code, body)
	}
	if err := o.app.CleanUp(context.Background()); err != nil {
		o.t.Errorf("%s: up again: %v", name, err)
	}
	after := o.state()
	if w.Code >= 500 && !slices.Equal(before, after) {
		o.t.Errorf("%s: something was changed:\nbefore %q\nafter  %q", name, before, after)
	}
}

func TestADownloadThatBreaksOffIsSeenToBeCutOff(t *testing.T) {
	t.Parallel()
	o := newOutage(t, "v15")
	server := httptest.NewServer(o.app.Handler())
	t.Cleanup(server.Close)
	urls := []string{o.file("a.txt", o.fresh(2<<20)).Str("file_url"), o.answer(o.upload("b.txt", o.fresh(2<<20))).Str("file_url")}
	for _, u := range urls {
		r, _ := http.NewRequest("GET", server.URL+u, nil)
		r.Header.Set("Authorization", o.token)
		o.log.Reset()
		o.store.Down(3) // it is opened and begun
		resp, err := http.DefaultClient.Do(r)
		if err != nil {
			t.Fatal(err)
		}
		data, err := io.ReadAll(resp.Body)
		_ = resp.Body.Close()
		o.store.Up()
		if resp.StatusCode != http.StatusOK || err == nil || len(data) >= 2<<20 {
			t.Errorf("%s: %d, %d bytes, %v", u, resp.StatusCode, len(data), err)
		}
		if n := strings.Count(o.log.String(), "level=ERROR"); n != 1 {
			t.Errorf("%s: logged %d times: %s", u, n, o.log.String())
		}
	}
}

func TestADownloadInABatchThatBreaksOffIsAnOutage(t *testing.T) {
	t.Parallel()
	o := newOutage(t, "v15")
	u := o.file("a.txt", o.fresh(2<<20)).Str("file_url")
	for n := range 4 { // it cannot be opened, or read, or read to its end
		o.store.Down(n)
		w := o.json("POST", "/api/v2/batch", map[string]any{"requests": []any{map[string]any{"path": "/api/method/frappe.handler.download_file?file_url=" + u}}})
		o.store.Up()
		if body := w.Body.String(); !strings.Contains(body, `"status":503`) || strings.Contains(body, filestest.Secret) {
			t.Errorf("down after %d calls: %d %.300s", n, w.Code, body)
		}
	}
}
