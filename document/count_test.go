package document

import (
	"strings"
	"testing"
)

func TestCountValues(t *testing.T) {
	for _, tt := range []struct {
		text string
		want int
	}{
		{`1`, 1},
		{`"a,b[c{"`, 1},
		{`[1,2,3]`, 4},
		{`{"a":1,"b":[1,2]}`, 5},
		{`[{"a":1},{"a":1}]`, 5},
		{`"a \" , b"`, 1},
		{`{"docs":"[1,2,3]"}`, 5},
		{`{"docs":"\n [1,2,3]"}`, 5},
		{`{"docs":"\u005b1,2,3]"}`, 4},
		{`{"text":"prose, with commas, [and] brackets"}`, 2},
		{`{"a`, 2},
		{`"\`, 1},
	} {
		if got := CountValues(tt.text); got != tt.want {
			t.Errorf("CountValues(%s) = %d, want %d", tt.text, got, tt.want)
		}
	}
}

// What is parsed is never more than what was counted.
func TestCountValuesIsEnough(t *testing.T) {
	for _, text := range []string{`[]`, `{}`, `[[],[],{}]`, `{"a":{"b":{}}}`, strings.Repeat("[", 50) + strings.Repeat("]", 50), `[1,"2",null,{"a":[true,false]}]`} {
		p := parser{s: text}
		if _, err := p.value(0); err != nil {
			t.Fatal(err)
		}
		if got := CountValues(text); got < p.n {
			t.Errorf("CountValues(%s) = %d, parsed %d", text, got, p.n)
		}
	}
}
