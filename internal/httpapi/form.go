package httpapi

import (
	"errors"
	"strings"

	"freddo/document"
	"freddo/exc"
	"freddo/internal/compat"
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

// parseForm merges query and body into upstream's form_dict: a JSON body replaces
// the query, form fields go over it; the first of equal keys wins. Errors:
// JSONDecodeError, ValidationError, or 413 for too many keys.
// Source: frappe/app.py make_form_dict.
func parseForm(p *compat.Profile, query, contentType string, body []byte) (*document.Object, error) {
	if len(body) > 0 && isJSON(contentType) {
		return parseJSONBody(p, body)
	}
	fields := &document.Object{}
	if isForm(contentType) {
		if err := parsePairs(fields, view(body)); err != nil {
			return nil, err
		}
	}
	return mergeForm(query, fields)
}

// mergeForm puts the body's fields over those of the query.
func mergeForm(query string, fields *document.Object) (*document.Object, error) {
	form := &document.Object{}
	if err := parsePairs(form, query); err != nil {
		return nil, err
	}
	for i := range fields.Len() {
		k, v := fields.At(i)
		form.Set(k, v)
	}
	form.Delete("_")
	return form, nil
}

// isJSON reports whether a content type is application/json or application/…+json.
func isJSON(contentType string) bool {
	media, _, _ := strings.Cut(contentType, ";")
	media = strings.ToLower(strings.TrimSpace(media))
	return media == "application/json" || strings.HasPrefix(media, "application/") && strings.HasSuffix(media, "+json")
}

func parseJSONBody(p *compat.Profile, body []byte) (*document.Object, error) {
	v, err := document.ParseJSON(strings.ToValidUTF8(view(body), "\uFFFD"))
	if errors.Is(err, document.ErrTooManyValues) {
		return nil, tooLarge()
	}
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
