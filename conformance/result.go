package conformance

import "fmt"

// Count is how many passed, of how many.
type Count struct{ Passed, Total int }

// Add returns the sum of both.
func (c Count) Add(other Count) Count {
	return Count{Passed: c.Passed + other.Passed, Total: c.Total + other.Total}
}

// Percent returns 0 to 100; 0 of 0 is 0, because nothing was shown.
func (c Count) Percent() float64 {
	if c.Total == 0 {
		return 0
	}
	return 100 * float64(c.Passed) / float64(c.Total)
}

// String returns "passed/total".
func (c Count) String() string { return fmt.Sprintf("%d/%d", c.Passed, c.Total) }

// AreaResult is what a run of one area against one release gave.
type AreaResult struct {
	Area    string
	Version int    // 14, 15 or 16
	Dialect string // as the runner named it
	Aborted string // why nothing could be replayed; "" when it could
	// Setup lists the setup steps that failed. They count nowhere, but explain what fails.
	Setup     []string
	Scenarios []ScenarioResult // in the order of the recording
}

// ScenarioResult is what one scenario gave.
type ScenarioResult struct {
	Name     string
	Skipped  bool  // not replayed on purpose: it needs a site_config.json to change
	Ran      bool  // replayed to its end
	Steps    Count // the steps with something to compare
	Failures []StepFailure
}

// StepFailure is one step that answered otherwise than upstream.
type StepFailure struct {
	Step        int // position in the scenario, from 0
	Method      string
	Path        string // as recorded, "hooks" for outgoing requests
	As          string
	Differences []string // ".body.data.name: want "x", got "y""
}

// String returns the step and its differences, a line each.
func (f StepFailure) String() string {
	text := fmt.Sprintf("step %d %s %s as %s:", f.Step, f.Method, f.Path, f.As)
	for _, d := range f.Differences {
		text += "\n      " + d
	}
	return text
}

// Passed reports whether every compared step agreed.
func (s *ScenarioResult) Passed() bool { return s.Ran && len(s.Failures) == 0 }

// add notes the outcome of a compared step.
func (s *ScenarioResult) add(index int, step *Step, differences []string) {
	if len(differences) == 0 {
		s.Steps.Passed++
		return
	}
	failure := StepFailure{Step: index, Method: step.Request.Method(), Path: "hooks", As: step.actor(), Differences: differences}
	if step.Request != nil {
		failure.Path = step.Request.Text("path")
	}
	s.Failures = append(s.Failures, failure)
}

// ScenarioCount counts the scenarios that were not skipped.
func (r *AreaResult) ScenarioCount() Count {
	var c Count
	for i := range r.Scenarios {
		if s := &r.Scenarios[i]; !s.Skipped {
			c.Total++
			if s.Passed() {
				c.Passed++
			}
		}
	}
	return c
}

// StepCount counts the compared steps of the scenarios that were not skipped.
func (r *AreaResult) StepCount() Count {
	var c Count
	for i := range r.Scenarios {
		if s := &r.Scenarios[i]; !s.Skipped {
			c = c.Add(s.Steps)
		}
	}
	return c
}

// Key names the result in the floor: see [Key].
func (r *AreaResult) Key() string { return Key(r.Dialect, r.Area, r.Version) }
