package conformance

import (
	"slices"
	"testing"
)

func TestDifferences(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name, want, got string
		diff            []string
	}{
		{"anything", `"<*>"`, `{"a": 1}`, nil},
		{"anything may be absent", `{"a": "<*>"}`, `{}`, nil},
		{"string", `"<*str>"`, `"x"`, nil},
		{"string, number", `"<*str>"`, `1`, []string{": want a string, got 1"}},
		{"string, absent", `{"a": "<*str>"}`, `{}`, []string{`.a: missing (want "<*str>")`}},
		{"affixes", `"<~>[\"ab\", \"yz\"]"`, `"ab...yz"`, nil},
		{"affixes may overlap", `"<~>[\"ab\", \"bc\"]"`, `"abc"`, nil},
		{"wrong start", `"<~>[\"ab\", \"yz\"]"`, `"b...yz"`, []string{`: want ab…yz, got "b...yz"`}},
		{"start that stops inside an address", `"<~>[\"at=http\", \"/x\"]"`, `"at=<url>/x"`, nil},
		{"ends that stop inside a time", `"<~>[\"at (<today> 21:4\", \"7). Bye\"]"`, `"at (<today> 09:00:01.5, <today> 09:00:02). Bye"`, nil},
		{"wrong end after a time", `"<~>[\"at (<today> 21:4\", \"7). Bye\"]"`, `"at (<today> 09:00:01.5)"`, []string{`: want at (<today> …). Bye, got "at (<today> 09:00:01.5)"`}},
		{"wrong end", `"<~>[\"ab\", \"yz\"]"`, `"ab...y"`, []string{`: want ab…yz, got "ab...y"`}},
		{"affixes, null", `"<~>[\"ab\", \"yz\"]"`, `null`, []string{`: want ab…yz, got null`}},
		{"now", `"<now>"`, `"<now>"`, nil},
		{"now, seconds", `"<now>"`, `"<now-seconds>"`, []string{`: want "<now>", got "<now-seconds>"`}},
		{"now, other day", `"<now>"`, `"2020-01-01 00:00:00.000000"`, []string{`: want "<now>", got "2020-01-01 00:00:00.000000"`}},
		{"now-seconds", `"<now-seconds>"`, `"<now-seconds>"`, nil},
		{"datetime today", `"<datetime>"`, `"<now>"`, nil},
		{"datetime", `"<datetime>"`, `"2020-01-01 00:00:00"`, nil},
		{"datetime, date", `"<datetime>"`, `"2020-01-01"`, []string{`: want a datetime, got "2020-01-01"`}},
		{"datetime, null", `"<datetime>"`, `null`, []string{`: want a datetime, got null`}},
		{"today", `"<today>"`, `"<today>"`, nil},
		{"today, other", `"<today>"`, `"2020-01-01"`, []string{`: want "<today>", got "2020-01-01"`}},
		{"year", `"X-<year>-1"`, `"X-2020-1"`, []string{`: want "X-<year>-1", got "X-2020-1"`}},
		{"traceback", `"<traceback>"`, `"any"`, nil},
		{"traceback, null", `"<traceback>"`, `null`, []string{`: want <traceback>, got null`}},
		{"traceback list", `"<traceback-list>"`, `"any"`, nil},
		{"traceback list, list", `"<traceback-list>"`, `["x"]`, []string{`: want <traceback-list>, got ["x"]`}},
		{"html", `"<html>"`, `"<html>"`, nil},
		{"html, json", `"<html>"`, `{}`, []string{`: want an HTML page, got {}`}},
		{"nested json", `{"$json": [{"m": "<*str>"}]}`, `{"$json": [{"m": 1}]}`, []string{`.$json[0].m: want a string, got 1`}},
		{"text", `{"$text": "a"}`, `{"$text": "b"}`, []string{`.$text: want "a", got "b"`}},
		{"float", `{"$float": "1.0"}`, `{"$float": "1.0"}`, nil},
		{"float, integer", `{"$float": "1.0"}`, `1`, []string{`: want {"$float": "1.0"}, got 1`}},
		{"integer, bool", `1`, `true`, []string{`: want 1, got true`}},
		{"integer, text", `1`, `"1"`, []string{`: want 1, got "1"`}},
		{"null, empty", `null`, `""`, []string{`: want null, got ""`}},
		{"unexpected key", `{}`, `{"a": null}`, []string{`.a: not expected (got null)`}},
		{"list length", `{"a": [1]}`, `{"a": []}`, []string{`.a: want 1 items, got 0: want [1] got []`}},
		{"list items", `{"a": [1, 2]}`, `{"a": [1, 3]}`, []string{`.a[1]: want 2, got 3`}},
		{"list, object", `[]`, `{}`, []string{`: want [], got {}`}},
		{"order of keys", `{"a": 1, "b": 2}`, `{"b": 2, "a": 1}`, nil},
		{"every difference", `{"a": 1, "b": 2}`, `{"a": 2, "c": 3}`,
			[]string{`.a: want 1, got 2`, `.b: missing (want 2)`, `.c: not expected (got 3)`}},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			if got := differences(decoded(t, test.want), decoded(t, test.got), ""); !slices.Equal(got, test.diff) {
				t.Errorf("got %q, want %q", got, test.diff)
			}
		})
	}
}

func TestCompare(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name, want, got string
		step            Step
		same            bool
	}{
		{"body", `{"status": 200, "body": {"a": 1}}`, `{"status": 200, "body": {"a": 1}}`, Step{}, true},
		{"body differs", `{"status": 200, "body": {"a": 1}}`, `{"status": 200, "body": {"a": 2}}`, Step{}, false},
		{"header differs", `{"status": 200, "headers": {"vary": "x"}}`, `{"status": 200}`, Step{}, false},
		{"none", `{"status": 200}`, `{"status": 404}`, Step{Assert: AssertNone}, true},
		{"status", `{"status": 404, "body": 1}`, `{"status": 404, "body": 2}`, Step{Assert: AssertStatus}, true},
		{"status differs", `{"status": 404}`, `{"status": 403}`, Step{Assert: AssertStatus}, false},
		{"no answer", `{"status": 404}`, `{"error": "x"}`, Step{Assert: AssertStatus}, false},
		{"type", `{"status": 404, "body": {"exc_type": "A", "x": 1}}`, `{"status": 404, "body": {"exc_type": "A"}}`, Step{Assert: AssertStatusType}, true},
		{"type differs", `{"status": 404, "body": {"exc_type": "A"}}`, `{"status": 404, "body": {"exc_type": "B"}}`, Step{Assert: AssertStatusType}, false},
		{"type absent", `{"status": 404, "body": {"exc_type": "A"}}`, `{"status": 404, "body": "<html>"}`, Step{Assert: AssertStatusType}, false},
		{"subset", `{"status": 200, "body": {"a": 1}}`, `{"status": 200, "body": {"a": 1, "b": 2}}`, Step{Assert: AssertSubset}, true},
		{"subset lacks", `{"status": 200, "body": {"a": 1}}`, `{"status": 200, "body": {"b": 2}}`, Step{Assert: AssertSubset}, false},
		{"cookies are not compared", `{"status": 200, "cookies": {}}`, `{"status": 200}`, Step{}, true},
		{"cookies", `{"status": 200, "cookies": {"a": 1}}`, `{"status": 200}`, Step{Check: []string{"cookies"}}, false},
		{"own address", `{"status": 200, "body": "http://127.0.0.1:8015/x"}`, `{"status": 200, "body": "https://localhost/x"}`, Step{}, true},
		{"other address", `{"status": 200, "body": "http://127.0.0.1/x"}`, `{"status": 200, "body": "http://127.0.0.2/x"}`, Step{}, false},
		{"ignore", `{"status": 200, "body": {"a": [{"n": 1}, {"n": 2}]}}`, `{"status": 200, "body": {"a": [{"n": 3}, {"n": 4}]}}`, Step{Ignore: []string{"body.a.*.n"}}, true},
		{"ignore an index", `{"status": 200, "body": [1, 2]}`, `{"status": 200, "body": [3, 4]}`, Step{Ignore: []string{"body.0"}}, false},
		{"ignore what is absent", `{"status": 200, "body": {"a": 1}}`, `{"status": 200, "body": {}}`, Step{Ignore: []string{"body.a"}}, true},
		{"ignore what is not expected", `{"status": 200, "body": {}}`, `{"status": 200, "body": {"a": 1}}`, Step{Ignore: []string{"body.a"}}, false},
		{"crash, refusal", `{"status": 500, "body": {"x": 1}}`, `{"status": 417, "body": {"exc_type": "A"}}`, Step{}, true},
		{"crash, v2 refusal", `{"status": 500, "body": {"x": 1}}`, `{"status": 500, "body": {"errors": []}}`, Step{}, true},
		{"crash, success", `{"status": 500, "body": {"x": 1}}`, `{"status": 200, "body": {"exc_type": "A"}}`, Step{}, false},
		{"crash, other shape", `{"status": 500, "body": {"x": 1}}`, `{"status": 404, "body": {"message": "A"}}`, Step{}, false},
		{"crash, no JSON", `{"status": 500, "body": {"x": 1}}`, `{"status": 404, "body": "<html>"}`, Step{}, false},
		{"crash with a page", `{"status": 500, "body": "<html>"}`, `{"status": 404, "body": "<html>"}`, Step{}, true},
		{"crash, status only", `{"status": 500, "body": {"x": 1}}`, `{"status": 404, "body": null}`, Step{Assert: AssertStatus}, false},
		{"exact crash", `{"status": 500, "body": {"x": 1}}`, `{"status": 417, "body": {"exc_type": "A"}}`, Step{Assert: AssertExact}, false},
		{"exact", `{"status": 500, "body": {"x": 1}}`, `{"status": 500, "body": {"x": 1}}`, Step{Assert: AssertExact}, true},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			want, got := decoded(t, test.want).(*Object), decoded(t, test.got).(*Object)
			diff := compare(&test.step, got, want)
			if (len(diff) == 0) != test.same {
				t.Errorf("got %q", diff)
			}
			if dumps(want) != dumps(decoded(t, test.want)) || dumps(got) != dumps(decoded(t, test.got)) {
				t.Error("compare changed its input")
			}
		})
	}
}

func TestReplaceOwnURL(t *testing.T) {
	t.Parallel()
	tests := map[string]string{
		"":                                 "",
		"http":                             "http",
		"http://127.0.0.1":                 "<url>",
		"https://127.0.0.1:8000/a":         "<url>/a",
		"http://localhost:/a":              "<url>:/a",
		"http://localhost:80x":             "<url>x",
		"http://localhosts":                "<url>s",
		"httpss://localhost":               "httpss://localhost",
		"http://example.com":               "http://example.com",
		"x http://localhost,http://[::1]/": "x <url>,http://[::1]/",
		"httphttp://localhost":             "http<url>",
	}
	for in, want := range tests {
		if got := replaceOwnURL(in); got != want {
			t.Errorf("%q: got %q, want %q", in, got, want)
		}
	}
}
