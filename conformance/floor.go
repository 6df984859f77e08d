package conformance

import (
	"encoding/json"
	"fmt"
	"maps"
	"os"
	"strconv"
	"strings"
)

// Floor is what has been reached and must not be lost: [Key] → counts. In its file it is a
// JSON object with sorted keys.
type Floor map[string]FloorEntry

// FloorEntry counts what passes at least.
type FloorEntry struct {
	Steps     int `json:"steps"`
	Scenarios int `json:"scenarios"`
}

// Key returns "dialect/area/version" such as sqlite/rest-v1/15; "area/version" without dialect.
func Key(dialect, area string, version int) string {
	parts := []string{area, strconv.Itoa(version)}
	if dialect != "" {
		parts = append([]string{dialect}, parts...)
	}
	return strings.Join(parts, "/")
}

// LoadFloor reads a floor file. A missing file is an error: a floor that is not there would
// guard nothing.
func LoadFloor(name string) (Floor, error) {
	data, err := os.ReadFile(name)
	if err != nil {
		return nil, fmt.Errorf("load floor: %w", err)
	}
	floor := Floor{}
	if err := json.Unmarshal(data, &floor); err != nil {
		return nil, fmt.Errorf("load floor %s: %w", name, err)
	}
	return floor, nil
}

// SaveFloor writes a floor file.
func SaveFloor(name string, floor Floor) error {
	data, err := json.MarshalIndent(floor, "", "  ")
	if err != nil {
		return fmt.Errorf("save floor: %w", err)
	}
	if err := os.WriteFile(name, append(data, '\n'), 0o644); err != nil {
		return fmt.Errorf("save floor: %w", err)
	}
	return nil
}

// CheckFloor returns an error for every result below the floor. A result without an entry
// passes; entries without a result are not looked at, as a run may be of one area only.
func CheckFloor(results []AreaResult, floor Floor) []error {
	var errs []error
	for i := range results {
		key, got, least := results[i].Key(), passedCounts(&results[i]), floor[results[i].Key()]
		if got.Steps < least.Steps {
			errs = append(errs, fmt.Errorf("%s: %d steps pass, the floor is %d", key, got.Steps, least.Steps))
		}
		if got.Scenarios < least.Scenarios {
			errs = append(errs, fmt.Errorf("%s: %d scenarios pass, the floor is %d", key, got.Scenarios, least.Scenarios))
		}
	}
	return errs
}

// CanRaise returns a line for every result above the floor.
func CanRaise(results []AreaResult, floor Floor) []string {
	var lines []string
	for i := range results {
		key, got, least := results[i].Key(), passedCounts(&results[i]), floor[results[i].Key()]
		if got.Steps > least.Steps || got.Scenarios > least.Scenarios {
			lines = append(lines, fmt.Sprintf("%s: the floor of %d steps, %d scenarios can be raised to %d, %d", key,
				least.Steps, least.Scenarios, max(got.Steps, least.Steps), max(got.Scenarios, least.Scenarios)))
		}
	}
	return lines
}

// RaiseFloor returns a floor raised to the results. No number ever sinks, and what is not
// among the results stays.
func RaiseFloor(results []AreaResult, floor Floor) Floor {
	raised := Floor{}
	maps.Copy(raised, floor)
	for i := range results {
		key, got := results[i].Key(), passedCounts(&results[i])
		least := raised[key]
		raised[key] = FloorEntry{Steps: max(got.Steps, least.Steps), Scenarios: max(got.Scenarios, least.Scenarios)}
	}
	return raised
}

func passedCounts(r *AreaResult) FloorEntry {
	return FloorEntry{Steps: r.StepCount().Passed, Scenarios: r.ScenarioCount().Passed}
}
