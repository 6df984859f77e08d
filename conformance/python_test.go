package conformance

import (
	"encoding/json"
	"testing"
)

// The wanted values of this file were printed by Python 3.11.

func TestDumps(t *testing.T) {
	t.Parallel()
	in := `{"z": [1,1.50,null,true,"é😀\u007f\n\t\"\\/<>&\u0001\u2028"], "a":{}, "b":[]}`
	v, err := Decode([]byte(in))
	if err != nil {
		t.Fatal(err)
	}
	want := `{"z": [1, 1.5, null, true, "\u00e9\ud83d\ude00\u007f\n\t\"\\/<>&\u0001\u2028"], "a": {}, "b": []}`
	if got := dumps(v); got != want {
		t.Errorf("dumps\n got %s\nwant %s", got, want)
	}
	sorted := `{"a": {}, "b": [], "z": `
	if got := (jsonWriter{sorted: true}).text(v); got[:len(sorted)] != sorted {
		t.Errorf("sorted: got %s", got)
	}
}

func TestFloatRepr(t *testing.T) {
	t.Parallel()
	tests := []struct{ in, repr, json string }{
		{"1.0", "1.0", "1.0"},
		{"1e5", "100000.0", "100000.0"},
		{"1E400", "inf", "Infinity"},
		{"-1e400", "-inf", "-Infinity"},
		{"0.00001", "1e-05", "1e-05"},
		{"0.0001", "0.0001", "0.0001"},
		{"1e15", "1000000000000000.0", "1000000000000000.0"},
		{"1e16", "1e+16", "1e+16"},
		{"123456789.12345679", "123456789.12345679", "123456789.12345679"},
		{"1.10", "1.1", "1.1"},
		{"-0.0", "-0.0", "-0.0"},
		{"5e-324", "5e-324", "5e-324"},
	}
	for _, test := range tests {
		t.Run(test.in, func(t *testing.T) {
			t.Parallel()
			if got := floatRepr(json.Number(test.in)); got != test.repr {
				t.Errorf("repr: got %s, want %s", got, test.repr)
			}
			if got := dumps(json.Number(test.in)); got != test.json {
				t.Errorf("JSON: got %s, want %s", got, test.json)
			}
		})
	}
}

func TestQuote(t *testing.T) {
	t.Parallel()
	tests := []struct{ name, in, want string }{
		{"query stays", "/api/resource/A B/ü#x?y=1&z", "/api/resource/A%20B/%C3%BC%23x?y=1&z"},
		{"percent stays", `/a[b]"<>^` + "`" + `{|}\~%41`, "/a%5Bb%5D%22%3C%3E%5E%60%7B%7C%7D%5C~%41"},
		{"three bytes", "/€", "/%E2%82%AC"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			if got := quote(test.in, pathSafe); got != test.want {
				t.Errorf("got %s, want %s", got, test.want)
			}
		})
	}
}

func TestURLEncode(t *testing.T) {
	t.Parallel()
	got := urlencode([]pair{{"a b", "c&d=é/~*"}, {"x[]", `["a", 1]`}, {"", ""}})
	want := "a+b=c%26d%3D%C3%A9%2F~%2A&x%5B%5D=%5B%22a%22%2C+1%5D&="
	if got != want {
		t.Errorf("got %s, want %s", got, want)
	}
}

func TestTitleCase(t *testing.T) {
	t.Parallel()
	tests := map[string]string{"rv1mgr": "Rv1Mgr", "two words": "Two Words", "o'neil": "O'Neil", "ÉTÉ9x": "Été9X", "a_b-c": "A_B-C"}
	for in, want := range tests {
		if got := titleCase(in); got != want {
			t.Errorf("%s: got %s, want %s", in, got, want)
		}
	}
}

func TestDecodeReplace(t *testing.T) {
	t.Parallel()
	tests := map[string]string{
		"a\xffb":           "a\ufffdb",
		"\xe2\x82":         "\ufffd",
		"\xe2\x82A":        "\ufffdA",
		"\xf0\x9f\x98":     "\ufffd",
		"\xf0\x9f\x98\xff": "\ufffd\ufffd",
		"\xed\xa0\x80":     "\ufffd\ufffd\ufffd",
		"\xc0\x80":         "\ufffd\ufffd",
		"\xe0\x80\x80":     "\ufffd\ufffd\ufffd",
		"\xf4\x90\x80\x80": "\ufffd\ufffd\ufffd\ufffd",
		"\xc3":             "\ufffd",
		"é\xc3":            "é\ufffd",
		"\xf1\x80A":        "\ufffdA",
		"\xf8\x88":         "\ufffd\ufffd",
		"ok \ufffd 😀":      "ok \ufffd 😀",
	}
	for in, want := range tests {
		if got := decodeReplace([]byte(in)); got != want {
			t.Errorf("%q: got %q, want %q", in, got, want)
		}
	}
}

func TestPyStr(t *testing.T) {
	t.Parallel()
	tests := []struct {
		in   any
		want string
	}{
		{nil, "None"},
		{true, "True"},
		{false, "False"},
		{"é", "é"},
		{json.Number("12"), "12"},
		{json.Number("1.50"), "1.5"},
		{NewObject("a", nil), `{"a": null}`},
	}
	for _, test := range tests {
		if got := pyStr(test.in); got != test.want {
			t.Errorf("%v: got %s, want %s", test.in, got, test.want)
		}
	}
}

func TestLatin1(t *testing.T) {
	t.Parallel()
	const bytes = "caf\xe9 \xc3\xa9"
	text := latin1Decode(bytes)
	if text != "café Ã©" {
		t.Errorf("decode: got %q", text)
	}
	if got, err := latin1Encode(text); err != nil || got != bytes {
		t.Errorf("encode: got %q, %v", got, err)
	}
	if _, err := latin1Encode("€"); err == nil {
		t.Error("encode €: want an error")
	}
}
