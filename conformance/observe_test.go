package conformance

import (
	"testing"
	"time"
)

// testDay is the day of every test with dates.
func testDay() time.Time { return time.Date(2025, 9, 3, 12, 0, 0, 0, time.UTC) }

func TestNormaliseText(t *testing.T) {
	t.Parallel()
	tests := []struct{ name, key, in, want string }{
		{"now", "", "2025-09-03 10:11:12.123456", `"<now>"`},
		{"now with T and zone", "", "2025-09-03T10:11:12.1+00:00", `"<now>"`},
		{"now with Z", "", "2025-09-03T10:11:12Z", `"<now-seconds>"`},
		{"now before a last line break", "", "2025-09-03 10:11:12\n", `"<now-seconds>"`},
		{"other day", "", "2025-09-02 10:11:12.123456", `"<year>-09-02 10:11:12.123456"`},
		{"other year", "", "2024-09-03 10:11:12", `"2024-09-03 10:11:12"`},
		{"seven digits are no datetime", "", "2025-09-03 10:11:12.1234567", `"<today> 10:11:12.1234567"`},
		{"point without digits", "", "2025-09-03 10:11:12.", `"<today> 10:11:12."`},
		{"today", "", "on 2025-09-03, 2025-09-03", `"on <today>, <today>"`},
		{"year at the beginning", "", "2025-X", `"<year>-X"`},
		{"year before a space at the beginning", "", "2025 X", `"2025 X"`},
		{"year alone", "", "2025", `"2025"`},
		{"year inside", "", "INV-2025-0001 of 2025.", `"INV-<year>-0001 of <year>."`},
		{"year at the end", "", "INV-2025", `"INV-<year>"`},
		{"year before a last line break", "", "INV-2025\n", `"INV-<year>\n"`},
		{"year twice", "", "2025/2025/2025", `"<year>/<year>/<year>"`},
		{"year in a number", "", "-20251 x2025-", `"-20251 x2025-"`},
		{"traceback", "", "Traceback (most recent call last):\n…", `"<traceback>"`},
		{"traceback list", "exc", `["Traceback (most recent call last)"]`, `"<traceback-list>"`},
		{"exc that is no list", "exc", `{"a": 1}`, `{"$json": {"a": 1}}`},
		{"messages", "_server_messages", `["{\"message\": \"x\", \"n\": 1.0}", "plain", "[1]"]`,
			`{"$json": [{"message": "x", "n": {"$float": "1.0"}}, "plain", [1]]}`},
		{"messages with an empty text", "_server_messages", `["", "{}"]`, `"[\"\", \"{}\"]"`},
		{"messages with broken JSON", "_server_messages", `["{x", "{}"]`, `"[\"{x\", \"{}\"]"`},
		{"broken messages", "_server_messages", `[1`, `"[1"`},
		{"dates inside messages", "_error_message", `{"d": "2025-09-03"}`, `{"$json": {"d": "<today>"}}`},
		{"JSON under another key", "x", `["a"]`, `"[\"a\"]"`},
	}
	o := newObserver(testDay())
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			if got := dumps(o.text(test.in, test.key)); got != test.want {
				t.Errorf("got %s, want %s", got, test.want)
			}
		})
	}
}

func TestObserve(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name string
		in   Response
		want string
	}{
		{"empty", Response{Status: 204}, `{"status": 204, "body": null}`},
		{"json", Response{200, []Header{{"Content-Type", "application/json"}, {"Date", "x"}},
			[]byte(`{"a": 1.50, "b": [1, "2025-09-03 10:11:12.123456"]}`)},
			`{"status": 200, "headers": {"content-type": "application/json"}, "body": {"a": {"$float": "1.5"}, "b": [1, "<now>"]}}`},
		{"broken json", Response{200, []Header{{"content-type", "application/json"}}, []byte("{\xff 2025-09-03")},
			`{"status": 200, "headers": {"content-type": "application/json"}, "body": {"$text": "{\ufffd 2025-09-03"}}`},
		{"html", Response{404, []Header{{"Content-Type", "text/html; charset=utf-8"}}, []byte("<p>")},
			`{"status": 404, "headers": {"content-type": "text/html; charset=utf-8"}, "body": "<html>"}`},
		{"text", Response{200, []Header{{"Content-Type", "text/plain"}}, []byte("2025-09-03")},
			`{"status": 200, "headers": {"content-type": "text/plain"}, "body": {"$text": "<today>"}}`},
		{"short bytes", Response{200, nil, []byte("x")}, `{"status": 200, "body": {"$text": "x"}}`},
		{"long bytes", Response{200, nil, make([]byte, 200)},
			`{"status": 200, "body": {"$bytes": 200, "$sha256": "6d9c54dee5660c46886f32d80e57e9dd0ffa57ee0cd2a762b036d9c8e0c3a33a"}}`},
		{"header lines", Response{200, []Header{{"Vary", "a"}, {"vary", "caf\xe9"}, {"X-Other", "1"}}, nil},
			`{"status": 200, "headers": {"vary": "caf\u00e9"}, "body": null}`},
		{"cookies", Response{200, []Header{
			{"Set-Cookie", "sid=a=b; Path=/; Expires=Thu, 01 Jan 1970 00:00:00 GMT; HttpOnly;SameSite=Lax"}, {"set-cookie", "x="}}, nil},
			`{"status": 200, "cookies": {"sid": {"value": "a=b", "attrs": ["HttpOnly", "Path=/", "SameSite=Lax"]}, "x": {"value": "", "attrs": []}}, "body": null}`},
	}
	o := newObserver(testDay())
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			if got := dumps(o.observe(test.in)); got != test.want {
				t.Errorf("\n got %s\nwant %s", got, test.want)
			}
		})
	}
}
