package file_test

import (
	"crypto/md5" //nolint:gosec // the hash that Files have
	"encoding/hex"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"freddo/document"
)

func md5Of(s string) string {
	sum := md5.Sum([]byte(s)) //nolint:gosec // see above
	return hex.EncodeToString(sum[:])
}

// TestNobodyGetsAPrivateFileForWhatTheySayOfIt: the hash of a private file, or that it
// is a folder, gives nobody its bytes, in no way of making or changing a File.
func TestNobodyGetsAPrivateFileForWhatTheySayOfIt(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, s *server) {
		owner, other := s.User("owner@example.com"), s.User("other@example.com")
		u := s.Answer(s.upload(owner, "salary.txt", "secret", "is_private", "1")).Str("file_url")
		own := s.Answer(s.upload(other, "own.txt", "own", "is_private", "1")).Str("name")
		for name, facts := range map[string]string{
			"hash":            fmt.Sprintf(`"file_name":"x.txt","is_private":1,"content_hash":%q`, md5Of("secret")),
			"hash and size":   fmt.Sprintf(`"file_name":"x.txt","is_private":1,"content_hash":%q,"file_size":6`, md5Of("secret")),
			"hash of remote":  fmt.Sprintf(`"file_url":"https://example.com/x.txt","is_private":1,"content_hash":%q`, md5Of("secret")),
			"folder":          fmt.Sprintf(`"file_name":"box","is_folder":1,"is_private":1,"file_url":%q`, u),
			"folder and hash": fmt.Sprintf(`"file_name":"box2","is_folder":1,"is_private":1,"content_hash":%q,"file_url":%q`, md5Of("secret"), u),
			"thumbnail":       fmt.Sprintf(`"file_name":"y.txt","content":"y","is_private":1,"thumbnail_url":%q`, u),
			"attached hash":   fmt.Sprintf(`"file_name":"x.txt","is_private":1,"attached_to_doctype":"User","attached_to_name":%q,"content_hash":%q`, other, md5Of("secret")),
		} {
			for way, send := range map[string][3]string{
				"POST":        {"POST", "/api/resource/File", "{" + facts + "}"},
				"insert":      {"POST", "/api/method/frappe.client.insert", `{"doc":{"doctype":"File",` + facts + `}}`},
				"insert_many": {"POST", "/api/method/frappe.client.insert_many", `{"docs":[{"doctype":"File",` + facts + `}]}`},
				"savedocs":    {"POST", "/api/method/frappe.desk.form.save.savedocs", `{"action":"Save","doc":{"doctype":"File","__islocal":1,` + facts + `}}`},
				"v2":          {"POST", "/api/v2/document/File", "{" + facts + "}"},
				"PUT":         {"PUT", "/api/resource/File/" + own, "{" + facts + "}"},
				"set_value":   {"POST", "/api/method/frappe.client.set_value", fmt.Sprintf(`{"doctype":"File","name":%q,"fieldname":{%s}}`, own, facts)},
				"optimize": {"POST", "/api/method/run_doc_method", fmt.Sprintf(
					`{"method":"optimize_file","docs":{"doctype":"File","name":%q,"file_name":"p.png",%s}}`, own, facts)},
			} {
				w := s.Do(other, send[0], send[1], send[2])
				if got := s.Do(other, "GET", u, ""); got.Code != 403 {
					t.Fatalf("%s by %s (%d %s): the file is read: %d", name, way, w.Code, w.Body, got.Code)
				}
			}
		}
		if got := s.Do(owner, "GET", u, ""); got.Body.String() != "secret" {
			t.Errorf("its owner reads %d %q", got.Code, got.Body)
		}
		// What a client says of its own File is not kept either.
		d := s.Must(other, "GET", "/api/resource/File/"+own, "")
		if d.Str("content_hash") != md5Of("own") || d.Str("thumbnail_url") != "" || document.Cint(d.Get("is_folder")) != 0 {
			t.Errorf("the File says %v", d)
		}
		folder := s.Must(other, "POST", "/api/resource/File", `{"file_name":"mine","is_folder":1,"is_attachments_folder":1,"is_home_folder":1}`)
		if document.Cint(folder.Get("is_attachments_folder")) != 0 || document.Cint(folder.Get("is_home_folder")) != 0 {
			t.Errorf("a folder of one's own became the site's: %v", folder)
		}
	})
}

// TestTheBytesOfOthersStayWhereTheyAre: who shares bytes with others gets a copy of them
// when they are to be private.
func TestTheBytesOfOthersStayWhereTheyAre(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, s *server) {
		owner, other := s.User("owner@example.com"), s.User("other@example.com")
		// A public file of somebody else is not taken away.
		logo := s.Answer(s.upload(owner, "logo.txt", "logo"))
		for i, body := range []string{fmt.Sprintf(`{"file_url":%q}`, logo.Str("file_url")), `{"file_name":"again.txt","content":"logo"}`} {
			mine := s.Must(other, "POST", "/api/resource/File", body).Str("name")
			d := s.Must(other, "PUT", "/api/resource/File/"+mine, `{"is_private":1}`)
			if u := d.Str("file_url"); !strings.HasPrefix(u, "/private/files/") || s.Do(other, "GET", u, "").Body.String() != "logo" || s.Do("", "GET", u, "").Code != 403 {
				t.Errorf("%d: the copy is %s", i, u)
			}
			if got := s.Do("", "GET", logo.Str("file_url"), ""); got.Code != 200 || got.Body.String() != "logo" {
				t.Errorf("%d: guests read %d", i, got.Code)
			}
			if d := s.Must(owner, "GET", "/api/resource/File/"+logo.Str("name"), ""); document.Cint(d.Get("is_private")) != 0 || d.Str("file_url") != logo.Str("file_url") {
				t.Errorf("%d: the owner's File became %v", i, d)
			}
		}
	})
}

func TestAReaderDoesNotMakeAPrivateFilePublic(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, s *server) {
		owner, other := s.User("owner@example.com"), s.User("other@example.com")
		todo := s.Must(owner, "POST", "/api/resource/ToDo", fmt.Sprintf(`{"description":"x","allocated_to":%q}`, other)).Str("name")
		note := s.Answer(s.upload(owner, "note.txt", "note", "is_private", "1", "doctype", "ToDo", "docname", todo))
		mine := s.Must(other, "POST", "/api/resource/File", fmt.Sprintf(`{"file_url":%q}`, note.Str("file_url"))).Str("name")
		s.Must("Administrator", "PUT", "/api/resource/ToDo/"+todo, fmt.Sprintf(`{"allocated_to":%q}`, owner))
		s.Do(other, "PUT", "/api/resource/File/"+mine, `{"is_private":0}`)
		d := s.Must(owner, "GET", "/api/resource/File/"+note.Str("name"), "")
		if document.Cint(d.Get("is_private")) != 1 || d.Str("file_url") != note.Str("file_url") {
			t.Errorf("the owner's File became %s", d.Str("file_url"))
		}
		if w := s.Do("", "GET", note.Str("file_url"), ""); w.Code != 403 {
			t.Errorf("guests read it: %d", w.Code)
		}
		if w := s.Do(owner, "GET", note.Str("file_url"), ""); w.Body.String() != "note" {
			t.Errorf("its owner reads %d", w.Code)
		}
	})
}

func TestOnesOwnFilesMoveTogether(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, s *server) {
		owner := s.User("owner@example.com")
		a := s.Answer(s.upload(owner, "a.txt", "same"))
		b := s.Answer(s.upload(owner, "b.txt", "same"))
		s.Must(owner, "PUT", "/api/resource/File/"+a.Str("name"), `{"is_private":1}`)
		for _, f := range []string{a.Str("name"), b.Str("name")} {
			if d := s.Must(owner, "GET", "/api/resource/File/"+f, ""); d.Str("file_url") != "/private/files/a.txt" || document.Cint(d.Get("is_private")) != 1 {
				t.Errorf("%s: %s", f, d.Str("file_url"))
			}
		}
		s.wantStored("private/files/a.txt")
	})
}

func TestAPictureOfOthersIsNotMadeSmaller(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, s *server) {
		owner, other := s.User("owner@example.com"), s.User("other@example.com")
		for _, private := range []string{"0", "1"} {
			content := noisyPNG(t, 600, 500)
			f := s.Answer(s.upload(owner, "p"+private+".png", content, "is_private", private))
			mine := s.Answer(s.upload(other, "mine"+private+".png", content, "is_private", private))
			if w := s.Do(other, "POST", "/api/resource/File/"+mine.Str("name")+"?run_method=optimize_file", ""); w.Code != 200 {
				t.Fatalf("%d %s", w.Code, w.Body)
			}
			if w := s.Do(owner, "GET", f.Str("file_url"), ""); w.Body.String() != content {
				t.Errorf("the owner's picture is %d bytes, was %d", w.Body.Len(), len(content))
			}
			now := s.Must(other, "GET", "/api/resource/File/"+mine.Str("name"), "")
			if w := s.Do(other, "GET", now.Str("file_url"), ""); w.Code != 200 || w.Body.Len() > len(content) || now.Str("content_hash") != md5Of(w.Body.String()) {
				t.Errorf("one's own is %d, %d bytes", w.Code, w.Body.Len())
			}
		}
	})
}

// TestFilesHangOnWhatTheirUserMayWrite asks every way of attaching what upload_file asks.
func TestFilesHangOnWhatTheirUserMayWrite(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, s *server) {
		owner, other := s.User("owner@example.com"), s.User("other@example.com")
		todo := s.Must(owner, "POST", "/api/resource/ToDo", `{"description":"x"}`).Str("name")
		at := fmt.Sprintf(`"attached_to_doctype":"ToDo","attached_to_name":%q`, todo)
		free := s.Answer(s.upload(other, "free.txt", "free")).Str("name")
		before := len(s.Must("Administrator", "GET", "/api/resource/Comment", "").Get("data").List())
		for way, send := range map[string][3]string{
			"POST":        {"POST", "/api/resource/File", `{"file_name":"x.txt","content":"x",` + at + `}`},
			"remote":      {"POST", "/api/resource/File", `{"file_url":"https://example.com/x",` + at + `}`},
			"insert":      {"POST", "/api/method/frappe.client.insert", `{"doc":{"doctype":"File","file_name":"x.txt","content":"x",` + at + `}}`},
			"PUT":         {"PUT", "/api/resource/File/" + free, "{" + at + "}"},
			"set_value":   {"POST", "/api/method/frappe.client.set_value", fmt.Sprintf(`{"doctype":"File","name":%q,"fieldname":{%s}}`, free, at)},
			"attach_file": {"POST", "/api/method/frappe.client.attach_file", fmt.Sprintf(`{"filename":"x.txt","filedata":"x","doctype":"ToDo","docname":%q}`, todo)},
			"upload_file": {"POST", "/api/method/upload_file", fmt.Sprintf(`{"file_url":"https://example.com/x","doctype":"ToDo","docname":%q}`, todo)},
		} {
			if w := s.Do(other, send[0], send[1], send[2]); w.Code != 403 {
				t.Errorf("%s: %d %s", way, w.Code, w.Body)
			}
		}
		if got := s.Must("Administrator", "GET", fmt.Sprintf(`/api/resource/File?filters={"attached_to_name":%q}`, todo), "").Get("data").List(); len(got) > 0 {
			t.Errorf("Files hang on it: %v", got)
		}
		if after := len(s.Must("Administrator", "GET", "/api/resource/Comment", "").Get("data").List()); after != before {
			t.Errorf("%d comments, %d before", after, before)
		}
		// Its owner may, in all of them.
		mine := s.Answer(s.upload(owner, "mine.txt", "mine")).Str("name")
		s.Must(owner, "POST", "/api/resource/File", `{"file_name":"x.txt","content":"x",`+at+`}`)
		s.Must(owner, "PUT", "/api/resource/File/"+mine, "{"+at+"}")
		s.Must(owner, "POST", "/api/method/frappe.client.attach_file", fmt.Sprintf(`{"filename":"y.txt","filedata":"y","doctype":"ToDo","docname":%q}`, todo))
	})
}

// TestAFieldTakesNoFileOfOthers: naming the URL of somebody's File in a field of one's own
// document leaves that File alone.
func TestAFieldTakesNoFileOfOthers(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, s *server) {
		owner, other := s.User("owner@example.com"), s.User("other@example.com")
		f := s.Answer(s.upload(owner, "logo.txt", "logo"))
		s.Must(other, "PUT", "/api/resource/User/"+other, fmt.Sprintf(`{"user_image":%q}`, f.Str("file_url")))
		if d := s.Must(owner, "GET", "/api/resource/File/"+f.Str("name"), ""); d.Str("attached_to_name") != "" {
			t.Errorf("the owner's File hangs on %s", d.Str("attached_to_name"))
		}
		if w := s.Do(other, "DELETE", "/api/resource/File/"+f.Str("name"), ""); w.Code != 403 {
			t.Errorf("deleted: %d", w.Code)
		}
		if _, err := os.Stat(filepath.Join(s.Dir, "public", "files", "logo.txt")); err != nil {
			t.Error(err)
		}
	})
}
