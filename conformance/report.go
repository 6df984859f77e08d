package conformance

import (
	"fmt"
	"io"
	"slices"
	"strings"
	"text/tabwriter"
)

// Report prints the results of several runs.
type Report struct{ Results []AreaResult }

// WriteTable prints a row for every area (and dialect) and a column for every release, with
// "scenarios passed/total, steps passed/total (percent of steps)", and a row of totals.
// Its error is the writer's.
func (r Report) WriteTable(w io.Writer) error {
	table := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	for _, cells := range r.table() {
		fmt.Fprintln(table, strings.Join(cells, "\t")) // errors come with Flush
	}
	return table.Flush()
}

// WriteMarkdown prints the same table in Markdown. Its error is the writer's.
func (r Report) WriteMarkdown(w io.Writer) error {
	var b strings.Builder
	for i, cells := range r.table() {
		fmt.Fprintf(&b, "| %s |\n", strings.Join(cells, " | "))
		if i == 0 {
			b.WriteString(strings.Repeat("|---", len(cells)) + "|\n")
		}
	}
	_, err := io.WriteString(w, b.String())
	return err
}

// table returns the heading, a row per area and the row of totals.
func (r Report) table() [][]string {
	rows, versions := r.axes()
	heading := []string{"area"}
	for _, v := range versions {
		heading = append(heading, fmt.Sprintf("v%d scenarios, steps", v))
	}
	out := [][]string{heading}
	for _, row := range rows {
		cells := []string{row}
		for _, v := range versions {
			cells = append(cells, cell(r.pick(func(a *AreaResult) bool { return rowName(a) == row && a.Version == v })))
		}
		out = append(out, cells)
	}
	total := []string{"total"}
	for _, v := range versions {
		total = append(total, cell(r.pick(func(a *AreaResult) bool { return a.Version == v })))
	}
	return append(out, total)
}

// axes returns the rows in the order of the results, and the sorted releases.
func (r Report) axes() (rows []string, versions []int) {
	for i := range r.Results {
		if row := rowName(&r.Results[i]); !slices.Contains(rows, row) {
			rows = append(rows, row)
		}
		if v := r.Results[i].Version; !slices.Contains(versions, v) {
			versions = append(versions, v)
		}
	}
	slices.Sort(versions)
	return rows, versions
}

func rowName(a *AreaResult) string {
	if a.Dialect == "" {
		return a.Area
	}
	return a.Dialect + "/" + a.Area
}

func (r Report) pick(want func(*AreaResult) bool) []*AreaResult {
	var out []*AreaResult
	for i := range r.Results {
		if want(&r.Results[i]) {
			out = append(out, &r.Results[i])
		}
	}
	return out
}

func cell(results []*AreaResult) string {
	if len(results) == 0 {
		return "-"
	}
	var scenarios, steps Count
	for _, r := range results {
		scenarios = scenarios.Add(r.ScenarioCount())
		steps = steps.Add(r.StepCount())
	}
	return fmt.Sprintf("%v, %v (%.1f%%)", scenarios, steps, steps.Percent())
}

// WriteDifferences prints everything that failed: per run what aborted it, failed setup steps,
// and the failed steps of each scenario with their differences. Its error is the writer's.
func (r Report) WriteDifferences(w io.Writer) error {
	var b strings.Builder
	for i := range r.Results {
		r.Results[i].differences(&b)
	}
	_, err := io.WriteString(w, b.String())
	return err
}

func (r *AreaResult) differences(b *strings.Builder) {
	fmt.Fprintf(b, "%s: %v scenarios, %v steps\n", r.Key(), r.ScenarioCount(), r.StepCount())
	if r.Aborted != "" {
		fmt.Fprintf(b, "  aborted: %s\n", r.Aborted)
	}
	for _, s := range r.Setup {
		fmt.Fprintf(b, "  %s\n", s)
	}
	for i := range r.Scenarios {
		s := &r.Scenarios[i]
		if s.Skipped || s.Passed() {
			continue
		}
		fmt.Fprintf(b, "  ✗ %s\n", s.Name)
		if !s.Ran {
			b.WriteString("    not replayed to its end\n")
		}
		for _, f := range s.Failures {
			fmt.Fprintf(b, "    %s\n", f)
		}
	}
}
