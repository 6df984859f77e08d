package conformance

import "testing"

func TestFill(t *testing.T) {
	t.Parallel()
	vars := map[string]any{
		"name": "A & B", "n": decoded(t, "7"), "f": decoded(t, "1.50"), "none": nil, "yes": true,
		"doc":   decoded(t, `{"z": 1, "a": [2.0]}`),
		"odd-1": "${name}",
	}
	tests := []struct{ name, in, want string }{
		{"whole text keeps its type", `["${n}", "${f}", "${none}", "${yes}"]`, `[7, 1.5, null, true]`},
		{"whole document", `"${doc}"`, `{"z": 1, "a": [2.0]}`},
		{"inside a text", `"/x/${name}/${n}/${f}/${none}/${yes}"`, `"/x/A & B/7/1.5/None/True"`},
		{"unknown stays", `["${nobody}", "a${nobody}b"]`, `["${nobody}", "a${nobody}b"]`},
		{"no name", `["${", "${}", "${a b}", "$n", "${ ${n}"]`, `["${", "${}", "${a b}", "$n", "${ 7"]`},
		{"two variables are a text", `"${n}${n}"`, `"77"`},
		{"values are not filled again", `["${odd-1}", "x${odd-1}"]`, `["${name}", "x${name}"]`},
		{"keys and order", `{"z": "${n}", "${name}": {"y": ["${n}"]}, "a": 1}`, `{"z": 7, "A & B": {"y": [7]}, "a": 1}`},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			c := &conversation{vars: vars}
			in := decoded(t, test.in)
			before := dumps(in)
			if got := dumps(c.fill(in)); got != test.want {
				t.Errorf("got %s, want %s", got, test.want)
			}
			if dumps(in) != before {
				t.Error("fill changed its input")
			}
		})
	}
}
