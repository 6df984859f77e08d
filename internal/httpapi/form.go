package httpapi

import (
	"bytes"
	"errors"
	"io"
	"mime"
	"mime/multipart"
	"net/http"
	"strings"

	"freddo/document"
	"freddo/exc"
	"freddo/internal/compat"
	"freddo/internal/engine"
)

// Limits on what a client may send.
const (
	defaultMaxBody = 25 << 20
	maxFormKeys    = 10_000
)

// errTooManyKeys says that a form has more keys than anybody needs.
var errTooManyKeys = tooLarge()

func tooLarge() *exc.Error {
	e := exc.HTTP413.New("The data value transmitted exceeds the capacity limit.")
	e.HTML = true
	return e
}

// readBody reads a request's body, at most limit bytes.
func readBody(r *http.Request, limit int64) ([]byte, error) {
	if r.Body == nil || r.Body == http.NoBody || r.ContentLength == 0 {
		return nil, nil
	}
	if r.ContentLength > limit {
		return nil, tooLarge()
	}
	var buf bytes.Buffer
	if r.ContentLength > 0 {
		buf.Grow(int(r.ContentLength) + bytes.MinRead)
	}
	n, err := buf.ReadFrom(io.LimitReader(r.Body, limit+1))
	if err != nil {
		return nil, err
	}
	if n > limit {
		return nil, tooLarge()
	}
	return buf.Bytes(), nil
}

// parsed is what a request's query and body say.
type parsed struct {
	form  *document.Object
	files map[string]*engine.File
}

// parseForm merges query and body into upstream's form_dict: a JSON body replaces
// the query, form fields go over it; the first of equal keys wins. Errors:
// JSONDecodeError, ValidationError, or 413 for too many keys.
// Source: frappe/app.py make_form_dict.
func parseForm(p *compat.Profile, query, contentType string, body []byte) (parsed, error) {
	if len(body) > 0 && isJSON(contentType) {
		form, err := parseJSONBody(p, body)
		return parsed{form: form}, err
	}
	out := parsed{form: &document.Object{}}
	if err := parsePairs(out.form, query); err != nil {
		return out, err
	}
	fields := &document.Object{}
	media, params, err := mime.ParseMediaType(contentType)
	switch {
	case err != nil || len(body) == 0:
	case media == "application/x-www-form-urlencoded":
		if err := parsePairs(fields, string(body)); err != nil {
			return out, err
		}
	case media == "multipart/form-data":
		if out.files, err = parseMultipart(fields, params["boundary"], body); err != nil {
			return out, err
		}
	}
	for i := range fields.Len() {
		k, v := fields.At(i)
		out.form.Set(k, v)
	}
	out.form.Delete("_")
	return out, nil
}

// isJSON reports whether a content type is application/json or application/…+json.
func isJSON(contentType string) bool {
	media, _, _ := strings.Cut(contentType, ";")
	media = strings.ToLower(strings.TrimSpace(media))
	return media == "application/json" || strings.HasPrefix(media, "application/") && strings.HasSuffix(media, "+json")
}

func parseJSONBody(p *compat.Profile, body []byte) (*document.Object, error) {
	v, err := document.ParseJSON(strings.ToValidUTF8(string(body), "\uFFFD"))
	if err != nil {
		if p.InvalidBodyIsDataError {
			return nil, exc.Data.Throw("Invalid request body")
		}
		return nil, exc.JSONDecode.New(err.Error())
	}
	switch v.Kind() {
	case document.Map:
		v.Map().Delete("_")
		return v.Map(), nil
	case document.List:
		if p.ArrayBody {
			return document.NewObject("data", v), nil
		}
	}
	return nil, exc.Validation.Throw("Invalid request arguments")
}

// parsePairs reads application/x-www-form-urlencoded text. A malformed escape stays
// as it is, and blank values are kept, as in upstream's web library.
func parsePairs(into *document.Object, text string) error {
	for text != "" {
		var pair string
		pair, text, _ = strings.Cut(text, "&")
		if pair == "" {
			continue
		}
		k, v, _ := strings.Cut(pair, "=")
		k = unescape(k)
		if into.Has(k) {
			continue
		}
		if into.Len() >= maxFormKeys {
			return errTooManyKeys
		}
		into.Set(k, document.Text(unescape(v)))
	}
	return nil
}

func unescape(s string) string {
	if strings.IndexByte(s, '%') < 0 && strings.IndexByte(s, '+') < 0 {
		return strings.ToValidUTF8(s, "\uFFFD")
	}
	out := make([]byte, 0, len(s))
	for i := 0; i < len(s); i++ {
		switch c := s[i]; {
		case c == '+':
			out = append(out, ' ')
		case c == '%' && i+2 < len(s) && hexValue(s[i+1]) >= 0 && hexValue(s[i+2]) >= 0:
			out = append(out, byte(hexValue(s[i+1])<<4|hexValue(s[i+2])))
			i += 2
		default:
			out = append(out, c)
		}
	}
	return strings.ToValidUTF8(string(out), "\uFFFD")
}

func hexValue(c byte) int {
	switch {
	case c >= '0' && c <= '9':
		return int(c - '0')
	case c >= 'a' && c <= 'f':
		return int(c-'a') + 10
	case c >= 'A' && c <= 'F':
		return int(c-'A') + 10
	}
	return -1
}

// parseMultipart reads a multipart body: fields as text, files by part name. What
// comes after a malformed part is ignored, as in upstream's web library.
func parseMultipart(fields *document.Object, boundary string, body []byte) (map[string]*engine.File, error) {
	if boundary == "" {
		return nil, nil
	}
	files := map[string]*engine.File{}
	for r := multipart.NewReader(bytes.NewReader(body), boundary); ; {
		part, err := r.NextRawPart()
		if err != nil {
			return files, nil //nolint:nilerr // the end, or a malformed part
		}
		data, err := io.ReadAll(part)
		if err != nil && !errors.Is(err, io.ErrUnexpectedEOF) {
			return files, nil //nolint:nilerr // see above
		}
		name := part.FormName()
		if fields.Len()+len(files) >= maxFormKeys {
			return files, errTooManyKeys
		}
		if _, isFile := partFilename(part); !isFile {
			if !fields.Has(name) {
				fields.Set(name, document.Text(strings.ToValidUTF8(string(data), "\uFFFD")))
			}
			continue
		}
		if files[name] == nil {
			filename, _ := partFilename(part)
			files[name] = &engine.File{Name: filename, ContentType: part.Header.Get("Content-Type"), Content: data}
		}
	}
}

// partFilename returns a part's filename as it was sent, path and all, and whether
// there is one. (mime/multipart's own FileName cuts directories off.)
func partFilename(part *multipart.Part) (string, bool) {
	_, params, err := mime.ParseMediaType(part.Header.Get("Content-Disposition"))
	if err != nil {
		return "", false
	}
	name, ok := params["filename"]
	return strings.ToValidUTF8(name, "\uFFFD"), ok
}
