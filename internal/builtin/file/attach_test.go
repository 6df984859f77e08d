package file_test

import (
	"encoding/base64"
	"fmt"
	"strings"
	"testing"
)

// papers adds a DocType with a field for a file and one for text with pictures.
func papers(s *server) {
	s.T.Helper()
	s.Must("Administrator", "POST", "/api/resource/DocType", `{"name":"Paper","module":"Core","custom":1,"autoname":"hash","fields":[
		{"fieldname":"scan","fieldtype":"Attach","label":"Scan"},{"fieldname":"notes","fieldtype":"Text Editor","label":"Notes"}],
		"permissions":[{"role":"System Manager","read":1,"write":1,"create":1,"delete":1},{"role":"All","read":1,"write":1,"create":1,"if_owner":1}]}`)
}

func TestFilesOfAnUnsavedFormFollowItsDocument(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, s *server) {
		papers(s)
		f := s.Answer(s.upload("Administrator", "a.txt", "x", "doctype", "Paper", "docname", "new-paper-xyz", "fieldname", "scan"))
		doc := fmt.Sprintf(`{"doctype":"Paper","__islocal":1,"name":"new-paper-xyz","scan":%q}`, f.Str("file_url"))
		s.Must("Administrator", "POST", "/api/method/frappe.desk.form.save.savedocs", fmt.Sprintf(`{"action":"Save","doc":%q}`, doc))
		rows := s.Must("Administrator", "GET", `/api/resource/File?filters={"attached_to_doctype":"Paper"}&fields=["name","attached_to_name"]`, "").Get("data").List()
		if len(rows) != 1 || rows[0].Map().Str("name") != f.Str("name") || rows[0].Map().Str("attached_to_name") == "new-paper-xyz" {
			t.Errorf("%v", rows)
		}
	})
}

func TestAFieldDoesNotGiveAwayWhatItsWriterMayNotRead(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, s *server) {
		papers(s)
		owner, thief := s.User("owner@example.com"), s.User("thief@example.com")
		u := s.Answer(s.upload(owner, "a.txt", "secret", "is_private", "1")).Str("file_url")
		s.Must(thief, "POST", "/api/resource/Paper", fmt.Sprintf(`{"scan":%q}`, u))
		if w := s.Do(thief, "GET", u, ""); w.Code != 403 {
			t.Errorf("the bytes were given away: %d %s", w.Code, w.Body)
		}
		if w := s.Do(owner, "GET", u, ""); w.Code != 200 {
			t.Errorf("the owner lost the file: %d", w.Code)
		}
		s.Must(owner, "POST", "/api/resource/Paper", fmt.Sprintf(`{"scan":%q}`, u))
		if rows := s.Must("Administrator", "GET", `/api/resource/File?filters={"attached_to_doctype":"Paper"}`, "").Get("data").List(); len(rows) != 1 {
			t.Errorf("%v", rows)
		}
	})
}

func TestPicturesInTextBecomePrivateFiles(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, s *server) {
		papers(s)
		img := base64.StdEncoding.EncodeToString([]byte(noisyPNG(t, 4, 4)))
		d := s.Must("Administrator", "POST", "/api/resource/Paper", fmt.Sprintf(`{"notes":%q}`, `<p>a <img src="data:image/png;base64,`+img+`"> b <img src="data:image/png;base64,%%%"></p>`))
		notes := d.Str("notes")
		if strings.Contains(notes, "data:") || !strings.Contains(notes, `src="/private/files/`) || !strings.Contains(notes, "?fid=") {
			t.Errorf("%s", notes)
		}
		if len(s.stored()) != 1 {
			t.Errorf("on disk: %v", s.stored())
		}
	})
}

func TestAFailingSaveTakesItsPicturesBack(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, s *server) {
		papers(s)
		img := base64.StdEncoding.EncodeToString([]byte(noisyPNG(t, 40, 40)))
		body := fmt.Sprintf(`{"name":"x","modified":"2000-01-01 00:00:00","notes":%q}`, `<img src="data:image/png;base64,`+img+`">`)
		d := s.Must("Administrator", "POST", "/api/resource/Paper", `{}`).Str("name")
		for _, w := range []int{
			s.Do("Administrator", "PUT", "/api/resource/Paper/"+d, strings.Replace(body, `"name":"x",`, "", 1)).Code,
			s.Do("", "POST", "/api/resource/Paper", body).Code,
		} {
			if w < 400 {
				t.Errorf("got %d", w)
			}
		}
		s.wantStored()
	})
}

func TestTheOlderUploadExistsUpToV15(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, s *server) {
		w := s.Do("Administrator", "POST", "/api/method/uploadfile", `{"from_form":1,"filename":"old.txt","filedata":"data:text/plain;base64,aGVsbG8=","doctype":"User","docname":"Administrator"}`)
		if s.App.Compat() == "v16" {
			if w.Code != 417 {
				t.Errorf("v16: %d %s", w.Code, w.Body)
			}
			s.wantStored()
			return
		}
		if got := s.Answer(w); got.Str("file_url") != "/files/old.txt" || s.Do("", "GET", "/files/old.txt", "").Body.String() != "hello" {
			t.Errorf("%v", got)
		}
		if w := s.Do("Administrator", "POST", "/api/method/uploadfile", `{"from_form":1,"filedata":"eA==","doctype":"User","docname":"Administrator"}`); w.Code != 500 {
			t.Errorf("a failure: %d %s", w.Code, w.Body)
		}
	})
}
