package conformance

import (
	"strings"
	"testing"
)

func TestRequestTarget(t *testing.T) {
	t.Parallel()
	tests := []struct{ name, request, want string }{
		{"plain", `{"path": "/api/resource/To Do"}`, "/api/resource/To%20Do"},
		{"raw path", `{"path": "/a%2Fb//c", "raw_path": true}`, "/a%2Fb//c"},
		{"query object in order", `{"path": "/x", "query": {"z": "1 2", "fields": ["name", "é"], "n": 5, "f": 1.50, "none": null}}`,
			"/x?z=1+2&fields=%5B%22name%22%2C+%22%5Cu00e9%22%5D&n=5&f=1.5&none=null"},
		{"query list", `{"path": "/x", "query": [["a", "1"], ["a", {"k": true}]]}`, "/x?a=1&a=%7B%22k%22%3A+true%7D"},
		{"query after query", `{"path": "/x?y=1", "query": {"a": ""}}`, "/x?y=1&a="},
		{"empty query", `{"path": "/x", "query": {}}`, "/x"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			if got := requestTarget(decoded(t, test.request).(*Object)); got != test.want {
				t.Errorf("got %s, want %s", got, test.want)
			}
		})
	}
}

func TestRequestBody(t *testing.T) {
	t.Parallel()
	tests := []struct{ name, request, contentType, body string }{
		{"json", `{"json": {"b": [1, 2.0], "a": "é"}}`, "application/json", `{"b": [1, 2.0], "a": "\u00e9"}`},
		{"json null", `{"json": null}`, "application/json", "null"},
		{"form", `{"form": {"doc": {"a": 1}, "cmd": "x y"}}`, "application/x-www-form-urlencoded", "doc=%7B%22a%22%3A+1%7D&cmd=x+y"},
		{"text", `{"text": "hé"}`, "", "hé"},
		{"multipart", `{"multipart": {"fields": {"n": 1, "t": "x"}, "files": [
			{"filename": "a.txt", "text": "ab", "repeat": 2, "type": "text/plain"}, {"name": "f2", "filename": "b", "b64": "AAE="}]}}`,
			"multipart/form-data; boundary=B",
			"--B\r\nContent-Disposition: form-data; name=\"n\"\r\n\r\n1\r\n" +
				"--B\r\nContent-Disposition: form-data; name=\"t\"\r\n\r\nx\r\n" +
				"--B\r\nContent-Disposition: form-data; name=\"file\"; filename=\"a.txt\"\r\nContent-Type: text/plain\r\n\r\nabab\r\n" +
				"--B\r\nContent-Disposition: form-data; name=\"f2\"; filename=\"b\"\r\nContent-Type: application/octet-stream\r\n\r\n\x00\x01\r\n" +
				"--B--\r\n"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			header := NewObject()
			body, err := requestBody(decoded(t, test.request).(*Object), header)
			if err != nil || body == nil {
				t.Fatalf("body %v, error %v", body, err)
			}
			short := func(s string) string { return strings.ReplaceAll(s, boundary, "B") }
			if got := short(string(*body)); got != test.body {
				t.Errorf("body\n got %q\nwant %q", got, test.body)
			}
			if got := short(header.Text("Content-Type")); got != test.contentType {
				t.Errorf("type: got %q, want %q", got, test.contentType)
			}
		})
	}
	t.Run("none", func(t *testing.T) {
		t.Parallel()
		if body, err := requestBody(NewObject("path", "/"), NewObject()); body != nil || err != nil {
			t.Errorf("got %v, %v", body, err)
		}
	})
}
