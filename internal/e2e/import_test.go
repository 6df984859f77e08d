package e2e

import (
	"bytes"
	"encoding/base64"
	"net/http"
	"net/url"
	"strings"
	"testing"

	"freddo/document"
	"freddo/internal/sheet"
)

const dataImport = "frappe.core.doctype.data_import.data_import."

// upload stores a private file and returns its URL.
func (s *site) upload(name string, content []byte) string {
	s.Helper()
	file := s.must(http.MethodPost, "/api/resource/File", `{"file_name":"`+name+`","is_private":1,"decode":1,"content":"`+base64.StdEncoding.EncodeToString(content)+`"}`)
	return file.Get("data").Map().Str("file_url")
}

// startImport makes a Data Import of a file and runs it.
func (s *site) startImport(kind, u string) (name string) {
	s.Helper()
	d := s.must(http.MethodPost, "/api/resource/Data%20Import", `{"reference_doctype":"Parcel","import_type":"`+kind+`","import_file":"`+u+`"}`).Get("data").Map()
	name = d.Str("name")
	if !s.message(dataImport+"form_start_import", `{"data_import":"`+name+`"}`).Bool() {
		s.Fatal("form_start_import is not true")
	}
	return name
}

func (s *site) importStatus(name string) string {
	s.Helper()
	return compact(s.message(dataImport+"get_import_status", `{"data_import_name":"`+name+`"}`))
}

// TestDataImport: rows become documents and child rows, one by one; what fails is
// logged and may be corrected.
func TestDataImport(t *testing.T) {
	t.Parallel()
	eachDatabase(t, "v15", func(s *site) {
		s.Helper()
		s.shop(1)
		u := s.upload("parcels.csv", []byte("ID,Title,Weight,Area,Due,What (Pieces),pieces.cost,Nonsense\r\n"+
			"N1,First,5,North,31/12/2025,box,3,x\r\n,,,,,bag,4,\r\nN2,Second,7,,1/1/2026,,,\r\nP00,Taken,1,,,,,\r\n"))
		name := s.startImport("Insert New Records", u)
		if got := s.importStatus(name); got != `{"status":"Partial Success","failed":1,"success":2,"total_records":3}` {
			s.Errorf("status = %s", got)
		}
		d := s.must(http.MethodGet, "/api/resource/Parcel/N1", "").Get("data").Map()
		pieces := d.Get("pieces").List()
		if d.Str("due") != "2025-12-31" || len(pieces) != 2 || pieces[1].Map().Str("what") != "bag" || document.Cint(pieces[1].Map().Get("cost")) != 4 {
			s.Errorf("N1 = %s", compact(document.MapOf(d)))
		}
		if s.must(http.MethodGet, "/api/resource/Parcel/N2", "").Get("data").Map().Str("due") != "2026-01-01" {
			s.Error("N2 has another date")
		}
		logs := s.message(dataImport+"get_import_logs", `{"data_import":"`+name+`"}`).List()
		if len(logs) != 3 || logs[0].Map().Str("docname") != "N1" || logs[0].Map().Str("row_indexes") != "[2, 3]" || !strings.Contains(logs[2].Map().Str("exception"), "DuplicateEntryError") {
			s.Errorf("logs = %s", compact(document.ListOf(logs...)))
		}
		code, text := s.do(http.MethodGet, "/api/method/"+dataImport+"download_errored_template?data_import_name="+url.QueryEscape(name), "")
		if code != 200 || !strings.Contains(text, `"P00","Taken"`) || strings.Contains(text, "N1") {
			s.Errorf("failed rows: %d %q", code, text)
		}
		s.message(dataImport+"form_start_import", `{"data_import":"`+name+`"}`)
		if got := s.importStatus(name); !strings.Contains(got, `"failed":1,"success":2`) {
			s.Errorf("after a second run: %s", got)
		}
	})
}

func TestDataImportUpdates(t *testing.T) {
	t.Parallel()
	s := newSite(t, "sqlite", "v16")
	s.shop(3)
	var b bytes.Buffer
	w, err := sheet.NewXLSX(&b, "Parcels")
	if err != nil {
		t.Fatal(err)
	}
	for _, row := range [][]any{{"ID", "Title", "Due"}, {"P00", "Changed", float64(46023)}, {"P01", "Parcel 1", nil}, {"P77", "None", nil}} {
		if err := w.Row(row); err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	name := s.startImport("Update Existing Records", s.upload("parcels.xlsx", b.Bytes()))
	if got := s.importStatus(name); got != `{"status":"Partial Success","failed":2,"success":1,"total_records":3}` {
		t.Errorf("status = %s: %s", got, compact(s.message(dataImport+"get_import_logs", `{"data_import":"`+name+`"}`)))
	}
	d := s.must(http.MethodGet, "/api/resource/Parcel/P00", "").Get("data").Map()
	if d.Str("title") != "Changed" || d.Str("due") != "2026-01-01" || len(d.Get("pieces").List()) != 2 {
		t.Errorf("P00 = %s", compact(document.MapOf(d)))
	}
	if logs := compact(s.message(dataImport+"get_import_logs", `{"data_import":"`+name+`"}`)); !strings.Contains(logs, "No changes to update") {
		t.Errorf("logs = %s", logs)
	}
}

// TestDataImportRefuses: files that are no tables, values that do not fit, DocTypes and
// users that are not for it.
func TestDataImportRefuses(t *testing.T) {
	t.Parallel()
	s := newSite(t, "sqlite", "v15")
	s.shop(1)
	for name, content := range map[string]string{"empty.csv": "Title\r\n", "broken.xlsx": "not a zip", "notes.txt": "x"} {
		u := s.upload(name, []byte(content))
		if code, text := s.do(http.MethodPost, "/api/resource/Data%20Import", `{"reference_doctype":"Parcel","import_type":"Insert New Records","import_file":"`+u+`"}`); code != 417 {
			t.Errorf("%s: %d %s", name, code, text)
		}
	}
	if code, text := s.do(http.MethodPost, "/api/resource/Data%20Import", `{"reference_doctype":"DocType","import_type":"Insert New Records"}`); code != 417 || !strings.Contains(text, "Importing DocType is not allowed.") {
		t.Errorf("DocType: %d %s", code, text)
	}
	if code, _ := s.do(http.MethodPost, "/api/resource/Data%20Import", `{"reference_doctype":"Parcel","import_type":"Insert New Records","import_file":"/private/files/../site_config.json"}`); code != 417 {
		t.Errorf("a path that leaves the files: %d", code)
	}
	u := s.upload("wrong.csv", []byte("ID,Area,Due\nX1,Nowhere,soon\n"))
	name := s.startImport("Insert New Records", u)
	d := s.must(http.MethodGet, "/api/resource/Data%20Import/"+url.PathEscape(name), "").Get("data").Map()
	if text := d.Str("template_warnings"); !strings.Contains(text, "The following values do not exist for Area: Nowhere") || !strings.Contains(text, "must in") {
		t.Errorf("warnings = %s", text)
	}
	if code, _ := s.do(http.MethodGet, "/api/resource/Parcel/X1", ""); code != 404 {
		t.Errorf("a row with warnings was imported: %d", code)
	}
	preview := s.message(dataImport+"get_preview_from_template", `{"data_import":"`+name+`"}`).Map()
	if compact(preview.Get("data")) != `[[2,"X1","Nowhere","soon"]]` || len(preview.Get("columns").List()) != 4 {
		t.Errorf("preview = %s", compact(document.MapOf(preview)))
	}
	clerk := s.user("clerk", "Clerk")
	for _, m := range []string{"form_start_import", "get_import_logs", "get_preview_from_template"} {
		if code, _ := clerk.call(dataImport+m, `{"data_import":"`+name+`"}`); code != http.StatusForbidden {
			t.Errorf("%s by a clerk: %d", m, code)
		}
	}
	code, text := s.call(dataImport+"download_template", `{"doctype":"Parcel","export_fields":{"Parcel":["name","title"],"pieces":["what"]},"export_records":"all"}`)
	if code != 200 || text != "\"ID\",\"Title\",\"What (Pieces)\"\r\n\"P00\",\"Parcel 0\",\"a0\"\r\n\"\",\"\",\"b0\"\r\n" {
		t.Errorf("template: %d %q", code, text)
	}
}
