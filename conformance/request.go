package conformance

import (
	"encoding/base64"
	"encoding/json"
	"fmt"
	"strings"
)

// boundary separates the parts of every multipart body, as in the recordings.
const boundary = "----conformance7MA4YWxk"

// requestTarget returns path and query as they go on the request line.
func requestTarget(request *Object) string {
	target := pyStr(request.Get("path"))
	if raw, _ := request.Get("raw_path").(bool); !raw {
		target = quote(target, pathSafe)
	}
	var pairs []pair
	switch query := request.Get("query").(type) {
	case *Object:
		pairs = objectPairs(query)
	case []any: // [[name, value], …], for a name that comes twice
		for _, item := range query {
			if p, ok := item.([]any); ok && len(p) == 2 {
				pairs = append(pairs, pair{pyStr(p[0]), textOrJSON(p[1])})
			}
		}
	}
	if len(pairs) == 0 {
		return target
	}
	separator := "?"
	if strings.Contains(target, "?") {
		separator = "&"
	}
	return target + separator + urlencode(pairs)
}

func objectPairs(o *Object) []pair {
	pairs := make([]pair, 0, o.Len())
	for _, k := range o.Keys() {
		pairs = append(pairs, pair{k, textOrJSON(o.Get(k))})
	}
	return pairs
}

// requestBody returns the body, nil for none, and sets its Content-Type.
func requestBody(request, header *Object) (*[]byte, error) {
	var body []byte
	switch {
	case request.Has("json"):
		body = []byte(dumps(request.Get("json")))
		header.Set("Content-Type", "application/json")
	case request.Has("form"):
		form, _ := request.Get("form").(*Object)
		body = []byte(urlencode(objectPairs(form)))
		header.Set("Content-Type", "application/x-www-form-urlencoded")
	case request.Has("multipart"):
		parts, _ := request.Get("multipart").(*Object)
		var err error
		if body, err = multipartBody(parts); err != nil {
			return nil, err
		}
		header.Set("Content-Type", "multipart/form-data; boundary="+boundary)
	case request.Has("text"):
		body = []byte(request.Text("text"))
	default:
		return nil, nil
	}
	return &body, nil
}

// multipartBody writes {fields: {name: value}, files: [{name, filename, type, text|b64, repeat}]}.
func multipartBody(parts *Object) ([]byte, error) {
	var b []byte
	fields, _ := parts.Get("fields").(*Object)
	for _, k := range fields.Keys() {
		b = fmt.Appendf(b, "--%s\r\nContent-Disposition: form-data; name=\"%s\"\r\n\r\n%s\r\n", boundary, k, pyStr(fields.Get(k)))
	}
	files, _ := parts.Get("files").([]any)
	for _, item := range files {
		file, ok := item.(*Object)
		if !ok {
			return nil, fmt.Errorf("multipart file: want an object, got %s", short(item))
		}
		content, err := fileContent(file)
		if err != nil {
			return nil, err
		}
		b = fmt.Appendf(b, "--%s\r\nContent-Disposition: form-data; name=\"%s\"; filename=\"%s\"\r\nContent-Type: %s\r\n\r\n",
			boundary, textOr(file, "name", "file"), file.Text("filename"), textOr(file, "type", "application/octet-stream"))
		b = append(b, content...)
		b = append(b, "\r\n"...)
	}
	return fmt.Appendf(b, "--%s--\r\n", boundary), nil
}

func fileContent(file *Object) ([]byte, error) {
	content := file.Text("text")
	if file.Has("b64") {
		data, err := base64.StdEncoding.DecodeString(file.Text("b64"))
		if err != nil {
			return nil, fmt.Errorf("multipart file: %w", err)
		}
		content = string(data)
	}
	if times, ok := file.Get("repeat").(json.Number); ok {
		n, err := times.Int64()
		if err != nil || n < 0 {
			return nil, fmt.Errorf("multipart file: repeat %s", short(file.Get("repeat")))
		}
		if n > 0 { // 0 means once, as no repeat does
			content = strings.Repeat(content, int(n))
		}
	}
	return []byte(content), nil
}

// textOr returns the string under key, or fallback when the key is absent.
func textOr(o *Object, key, fallback string) string {
	if o.Has(key) {
		return pyStr(o.Get(key))
	}
	return fallback
}
