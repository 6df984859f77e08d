package conformance

import (
	"maps"
	"path/filepath"
	"strings"
	"testing"
)

// resultOf returns a result with so many of two scenarios and of ten steps passed.
func resultOf(dialect, area string, version, scenarios, steps int) AreaResult {
	return AreaResult{Area: area, Version: version, Dialect: dialect, Scenarios: []ScenarioResult{
		{Name: "one", Ran: scenarios > 0, Steps: Count{steps, 10}},
		{Name: "two", Ran: scenarios > 1},
		{Name: "skipped", Skipped: true, Steps: Count{0, 5}},
	}}
}

func TestFloor(t *testing.T) {
	t.Parallel()
	floor := Floor{"sqlite/a/15": {Steps: 5, Scenarios: 1}, "sqlite/b/15": {Steps: 1}}
	tests := []struct {
		name      string
		result    AreaResult
		errors    int
		canRaise  bool
		raisedTo  FloorEntry
		raisedKey string
	}{
		{"at the floor", resultOf("sqlite", "a", 15, 1, 5), 0, false, FloorEntry{5, 1}, "sqlite/a/15"},
		{"fewer steps", resultOf("sqlite", "a", 15, 1, 4), 1, false, FloorEntry{5, 1}, "sqlite/a/15"},
		{"fewer of both", resultOf("sqlite", "a", 15, 0, 4), 2, false, FloorEntry{5, 1}, "sqlite/a/15"},
		{"fewer scenarios, more steps", resultOf("sqlite", "a", 15, 0, 6), 1, true, FloorEntry{6, 1}, "sqlite/a/15"},
		{"more scenarios", resultOf("sqlite", "a", 15, 2, 5), 0, true, FloorEntry{5, 2}, "sqlite/a/15"},
		{"other release", resultOf("sqlite", "a", 16, 0, 1), 0, true, FloorEntry{1, 0}, "sqlite/a/16"},
		{"no dialect", resultOf("", "a", 15, 0, 1), 0, true, FloorEntry{1, 0}, "a/15"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			before := maps.Clone(floor)
			results := []AreaResult{test.result}
			if errs := CheckFloor(results, floor); len(errs) != test.errors {
				t.Errorf("errors: got %v, want %d", errs, test.errors)
			}
			if lines := CanRaise(results, floor); (len(lines) > 0) != test.canRaise {
				t.Errorf("can raise: got %q", lines)
			}
			raised := RaiseFloor(results, floor)
			if got := raised[test.raisedKey]; got != test.raisedTo {
				t.Errorf("raised: got %+v, want %+v", got, test.raisedTo)
			}
			if raised["sqlite/b/15"] != floor["sqlite/b/15"] || !maps.Equal(before, floor) {
				t.Error("what was not run changed")
			}
		})
	}
}

func TestFloorFile(t *testing.T) {
	t.Parallel()
	name := filepath.Join(t.TempDir(), "floor.json")
	want := Floor{"sqlite/a/15": {Steps: 5, Scenarios: 1}}
	if err := SaveFloor(name, want); err != nil {
		t.Fatal(err)
	}
	got, err := LoadFloor(name)
	if err != nil || !maps.Equal(got, want) {
		t.Errorf("got %v, %v", got, err)
	}
	if _, err := LoadFloor(name + ".absent"); err == nil {
		t.Error("no file: want an error")
	}
	if _, err := LoadFloor("floor.json"); err != nil {
		t.Errorf("the committed floor: %v", err)
	}
}

func TestWriteTable(t *testing.T) {
	t.Parallel()
	report := Report{[]AreaResult{
		resultOf("sqlite", "rest-v1", 16, 2, 10), resultOf("sqlite", "rest-v1", 14, 1, 5), resultOf("sqlite", "rpc", 14, 0, 1),
	}}
	var out strings.Builder
	if err := report.WriteTable(&out); err != nil {
		t.Fatal(err)
	}
	want := `area            v14 scenarios, steps  v16 scenarios, steps
sqlite/rest-v1  1/2, 5/10 (50.0%)     2/2, 10/10 (100.0%)
sqlite/rpc      0/2, 1/10 (10.0%)     -
total           1/4, 6/20 (30.0%)     2/2, 10/10 (100.0%)
`
	if out.String() != want {
		t.Errorf("got\n%s\nwant\n%s", out.String(), want)
	}
}
