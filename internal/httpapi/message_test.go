package httpapi

import (
	"testing"

	"freddo/exc"
	"freddo/internal/compat"
)

// TestMessagesSayWhatFormTheyHave: v16 always says whether a message is a table.
func TestMessagesSayWhatFormTheyHave(t *testing.T) {
	t.Parallel()
	text, list, table := exc.Message{Text: "a"}, exc.Message{List: []string{"a", "b"}}, exc.Message{Table: [][]string{{"a"}, {"b"}}}
	for _, c := range []struct {
		name, release string
		m             exc.Message
		want          string
	}{
		{"text", "v15", text, `{"message":"a","title":"Message"}`},
		{"list", "v15", list, `{"message":["a","b"],"as_list":1,"title":"Message"}`},
		{"table", "v14", table, `{"message":[["a"],["b"]],"as_table":1,"title":"Message"}`},
		{"text", "v16", text, `{"message":"a","as_table":false,"title":"Message"}`},
		{"list", "v16", list, `{"message":["a","b"],"as_list":true,"title":"Message"}`},
		{"table", "v16", table, `{"message":[["a"],["b"]],"as_table":true,"title":"Message"}`},
	} {
		t.Run(c.name+" in "+c.release, func(t *testing.T) {
			t.Parallel()
			p, ok := compat.Lookup(c.release)
			if !ok {
				t.Fatal("no such release")
			}
			x := &exchange{p: p}
			if got := string(x.appendMessage(nil, p.Body, c.m, "", false)); got != c.want {
				t.Errorf("got %s, want %s", got, c.want)
			}
		})
	}
}
