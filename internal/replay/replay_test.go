// Package replay holds the main proof: the recorded conversations with real Frappe
// servers, replayed in-process against the whole application, each area on a fresh
// site, for every release. It prints a table and guards the committed floor.
package replay

import (
	"context"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"sync"
	"testing"
	"time"

	"freddo"
	"freddo/conformance"
	"freddo/internal/site"
	"freddo/internal/sitetest"
)

var (
	raise   = flag.Bool("raise", false, "raise the conformance floor to what passes now")
	areas   = flag.String("areas", "", "replay only these areas, comma separated")
	only    = flag.String("only", "", "replay only scenarios whose name contains this")
	version = flag.Int("release", 0, "replay only this release: 14, 15 or 16")
	details = flag.String("details", "", "write every difference to this file")
)

const (
	dir       = "../../conformance"
	floorFile = dir + "/floor.json"
)

func TestMain(m *testing.M) { sitetest.Main(m) }

func TestConformance(t *testing.T) {
	all, err := conformance.LoadAll(os.DirFS(dir), "testdata")
	if err != nil {
		t.Fatal(err)
	}
	results := replayAll(t, all)
	report := conformance.Report{Results: results}
	var table strings.Builder
	if err := report.WriteTable(&table); err != nil {
		t.Fatal(err)
	}
	t.Log("\n" + table.String())
	if *details != "" {
		writeDetails(t, report)
	}
	if *only != "" {
		return
	}
	floor, err := conformance.LoadFloor(floorFile)
	if err != nil {
		t.Fatal(err)
	}
	if *raise {
		if err := conformance.SaveFloor(floorFile, conformance.RaiseFloor(results, floor)); err != nil {
			t.Fatal(err)
		}
		return
	}
	for _, err := range conformance.CheckFloor(results, floor) {
		t.Error(err)
	}
}

func writeDetails(t *testing.T, report conformance.Report) {
	t.Helper()
	f, err := os.Create(*details)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	if err := report.WriteDifferences(f); err != nil {
		t.Fatal(err)
	}
}

// replayAll runs every area for every release, as many at a time as there are
// processors, each on a copy of a site that was created once per release.
func replayAll(t *testing.T, all []*conformance.Area) []conformance.AreaResult {
	t.Helper()
	type job struct {
		area    *conformance.Area
		version int
		at      int
	}
	var jobs []job
	for _, a := range all {
		if *areas != "" && !strings.Contains(","+*areas+",", ","+a.Name+",") {
			continue
		}
		for _, v := range []int{14, 15, 16} {
			if *version == 0 || *version == v {
				jobs = append(jobs, job{a, v, len(jobs)})
			}
		}
	}
	templates := templateSites(t, jobsVersions(*version))
	results := make([]conformance.AreaResult, len(jobs))
	queue := make(chan job)
	var wg sync.WaitGroup
	for range 2 * runtime.GOMAXPROCS(0) {
		wg.Go(func() {
			for j := range queue {
				r, err := replayArea(t, templates[j.version], j.area, j.version)
				if err != nil {
					t.Errorf("%s v%d: %v", j.area.Name, j.version, err)
				}
				results[j.at] = r
			}
		})
	}
	for _, j := range jobs {
		queue <- j
	}
	close(queue)
	wg.Wait()
	return results
}

func jobsVersions(one int) []int {
	if one != 0 {
		return []int{one}
	}
	return []int{14, 15, 16}
}

// templateSites creates one empty site per release.
func templateSites(t *testing.T, versions []int) map[int]string {
	t.Helper()
	out := map[int]string{}
	for _, v := range versions {
		path := filepath.Join(t.TempDir(), fmt.Sprintf("v%d", v))
		err := freddo.NewSite(context.Background(), path, freddo.NewSiteOptions{AdminPassword: "admin", Compat: fmt.Sprintf("v%d", v)})
		if err != nil {
			t.Fatal(err)
		}
		if err := setCompat(path); err != nil {
			t.Fatal(err)
		}
		out[v] = path
	}
	return out
}

// setCompat makes a site's OAuth provider as open as the recorded servers' were.
func setCompat(path string) error {
	s, err := site.Open(path)
	if err != nil {
		return err
	}
	return s.Set(map[string]any{"oauth_mode": "compat"})
}

func replayArea(t *testing.T, template string, area *conformance.Area, version int) (conformance.AreaResult, error) {
	t.Helper()
	path := filepath.Join(t.TempDir(), "site")
	if err := os.CopyFS(path, os.DirFS(template)); err != nil {
		return conformance.AreaResult{}, err
	}
	app, err := freddo.New(freddo.Config{Site: path, Unsafe: true})
	if err != nil {
		return conformance.AreaResult{}, err
	}
	defer app.Close()
	watch := &watcher{next: app.Handler()}
	defer watch.checkSecrets(t, fmt.Sprintf("%s v%d", area.Name, version), path)
	return conformance.Run(context.Background(), conformance.Runner{
		Target: conformance.HandlerTarget{Handler: watch}, Version: version, Dialect: "sqlite", Only: *only,
		SiteConfig: filepath.Join(path, "site_config.json"), ConfigWait: 300 * time.Millisecond,
	}, area)
}
