package conformance

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"time"
)

// Runner says where and how to replay. Target and Version are required; the zero value of
// everything else is what the recordings were made with.
type Runner struct {
	Target  Target
	Version int    // the release to compare with: 14, 15 or 16
	Dialect string // names the server's database in results and floor keys; not used otherwise

	Password string // the Administrator's; "" means "admin"
	// SiteConfig is the path of the server's site_config.json. Scenarios that change it are
	// skipped without it. It is restored after each of them.
	SiteConfig string
	// ConfigWait is how long the server may take to see a changed site_config.json;
	// 0 means 1.5 s, a negative value means not to wait.
	ConfigWait time.Duration
	// HookWait bounds how long a step waits for outgoing requests; 0 means as long as the
	// recording did (15 s where the step does not say).
	HookWait time.Duration
	// HookListener is the address at which outgoing requests are received, while an area runs
	// that has any; "" means any free port of 127.0.0.1.
	HookListener string
	BaseURL      string           // what ${url} stands for; "" means http://127.0.0.1:8000
	Only         string           // run only the scenarios whose name contains this
	Now          func() time.Time // which day it is for the server; nil means time.Now
}

// run is one replay of one area.
type run struct {
	Runner
	talk     *conversation
	listener *listener // nil when the area needs none
	result   *AreaResult
}

// Run replays an area and compares. The site should be empty but for what a fresh site has.
//
// What the server does wrong is in the result, also when it refuses the login or a user: then
// AreaResult.Aborted says so and everything counts as failed. The error is for what is no
// fault of the server: a runner without target, a site_config.json that cannot be read or
// written, a done ctx. The result is then what came before.
func Run(ctx context.Context, r Runner, area *Area) (AreaResult, error) {
	if r.Target == nil {
		return AreaResult{}, errors.New("conformance: runner without target")
	}
	if r.Version != 14 && r.Version != 15 && r.Version != 16 {
		return AreaResult{}, fmt.Errorf("conformance: version %d: want 14, 15 or 16", r.Version)
	}
	r.setDefaults()
	observer := newObserver(r.Now())
	result := planned(r, area)
	this := &run{Runner: r, talk: newConversation(r, observer), result: &result}
	if area.usesHooks() {
		l, err := startListener(ctx, r.HookListener, observer)
		if err != nil {
			return result, err
		}
		defer l.close()
		this.listener = l
		this.talk.vars["hook"] = l.url
	}
	err := this.area(ctx, area)
	return result, err
}

func (r *Runner) setDefaults() {
	if r.Password == "" {
		r.Password = "admin"
	}
	if r.ConfigWait == 0 {
		r.ConfigWait = 1500 * time.Millisecond
	}
	if r.HookListener == "" {
		r.HookListener = "127.0.0.1:0"
	}
	if r.BaseURL == "" {
		r.BaseURL = "http://127.0.0.1:8000"
	}
	if r.Now == nil {
		r.Now = time.Now
	}
}

// selected returns the scenarios of the area that this runner's release and filter want, by
// position in the area.
func (r *Runner) selected(area *Area) []int {
	var out []int
	for i := range area.Scenarios {
		s := &area.Scenarios[i]
		if s.For(r.Version) && strings.Contains(s.Name, r.Only) {
			out = append(out, i)
		}
	}
	return out
}

// planned returns a result in which everything is still to do, so that what is never reached
// counts as not passed.
func planned(r Runner, area *Area) AreaResult {
	result := AreaResult{Area: area.Name, Version: r.Version, Dialect: r.Dialect}
	for _, at := range r.selected(area) {
		scenario := &area.Scenarios[at]
		planned := ScenarioResult{Name: scenario.Name, Skipped: scenario.Config.Len() > 0 && r.SiteConfig == ""}
		observed := false
		for i := range scenario.Steps {
			if step := &scenario.Steps[i]; step.For(r.Version) && step.observed() {
				observed = true
				if step.Expected(r.Version) != nil {
					planned.Steps.Total++
				}
			}
		}
		// A scenario that says nothing in this release can neither pass nor fail.
		planned.Skipped = planned.Skipped || !observed
		result.Scenarios = append(result.Scenarios, planned)
	}
	return result
}

func (r *run) area(ctx context.Context, area *Area) error {
	if err := r.prepare(ctx, area); err != nil || r.result.Aborted != "" {
		return err
	}
	for i, at := range r.selected(area) {
		result := &r.result.Scenarios[i]
		if result.Skipped {
			continue
		}
		if err := r.scenario(ctx, &area.Scenarios[at], result); err != nil {
			return fmt.Errorf("replay %s, scenario %q: %w", area.Name, result.Name, err)
		}
	}
	return nil
}

// prepare logs in, creates the users and runs the setup. Its error is ctx's only.
func (r *run) prepare(ctx context.Context, area *Area) error {
	if err := r.talk.login(ctx); err != nil {
		r.result.Aborted = err.Error()
		return ctx.Err()
	}
	for _, user := range area.Users {
		if err := r.talk.addUser(ctx, user); err != nil {
			r.result.Aborted = err.Error()
			return ctx.Err()
		}
	}
	for i := range area.Setup {
		step := &area.Setup[i]
		if !step.For(r.Version) {
			continue
		}
		got, err := r.talk.send(ctx, step)
		if ctx.Err() != nil {
			return ctx.Err()
		}
		if why := setupFailure(got, err); why != "" {
			r.result.Setup = append(r.result.Setup,
				fmt.Sprintf("setup %s %s: %s", step.Request.Method(), step.Request.Text("path"), why))
		}
	}
	return nil
}

// setupFailure says why a setup step failed; "" when it succeeded.
func setupFailure(got *Object, err error) string {
	if err != nil {
		return err.Error()
	}
	status, _ := got.Get("status").(json.Number)
	if n, _ := status.Int64(); n < 300 {
		return ""
	}
	return fmt.Sprintf("%s %s", status, short(got.Get("body")))
}

// scenario replays one scenario under its own configuration.
func (r *run) scenario(ctx context.Context, s *Scenario, result *ScenarioResult) (err error) {
	if s.Config.Len() > 0 {
		restore, cause := r.configure(ctx, s.Config)
		if cause != nil {
			return cause
		}
		defer func() { err = errors.Join(err, restore()) }()
	}
	for i := range s.Steps {
		step := &s.Steps[i]
		if !step.For(r.Version) {
			continue
		}
		got, failed := r.step(ctx, step)
		if ctx.Err() != nil {
			return ctx.Err()
		}
		if failed != nil {
			got = NewObject("error", failed.Error())
		}
		if want := step.Expected(r.Version); step.observed() && want != nil {
			result.add(i, step, compare(step, got, want))
		}
	}
	result.Ran = true
	return nil
}

// step does one step and returns what there was to observe; nil for a pause.
func (r *run) step(ctx context.Context, step *Step) (*Object, error) {
	switch {
	case step.Sleep != nil:
		return nil, sleep(ctx, seconds(*step.Sleep))
	case step.HooksFail != nil:
		r.listener.failOn(*step.HooksFail)
		return nil, nil
	case step.Hooks != nil:
		timeout := 15 * time.Second
		if step.Timeout != nil {
			timeout = seconds(*step.Timeout)
		}
		if r.HookWait > 0 {
			timeout = min(timeout, r.HookWait)
		}
		hits, err := r.listener.wait(ctx, *step.Hooks, timeout)
		return NewObject("hooks", hits), err
	default:
		return r.talk.send(ctx, step)
	}
}

func seconds(s float64) time.Duration { return time.Duration(s * float64(time.Second)) }

// configure merges values into site_config.json and returns the way back, which has to be
// gone even when ctx is done.
func (r *run) configure(ctx context.Context, values *Object) (restore func() error, err error) {
	before, err := os.ReadFile(r.SiteConfig)
	if err != nil {
		return nil, fmt.Errorf("read site config: %w", err)
	}
	var config Object
	if err := config.UnmarshalJSON(before); err != nil {
		return nil, fmt.Errorf("read site config: %w", err)
	}
	config.Update(values)
	var text bytes.Buffer
	if err := json.Indent(&text, []byte(dumps(&config)), "", " "); err != nil {
		return nil, fmt.Errorf("write site config: %w", err)
	}
	if err := replaceFile(r.SiteConfig, text.Bytes()); err != nil {
		return nil, fmt.Errorf("write site config: %w", err)
	}
	restore = func() error {
		if err := replaceFile(r.SiteConfig, before); err != nil {
			return fmt.Errorf("restore site config: %w", err)
		}
		return sleep(ctx, r.ConfigWait)
	}
	if err := sleep(ctx, r.ConfigWait); err != nil {
		return nil, errors.Join(err, restore())
	}
	return restore, nil
}

// replaceFile writes a file at once, so that a server that reads it meanwhile never sees half.
func replaceFile(name string, data []byte) error {
	info, err := os.Stat(name)
	if err != nil {
		return err
	}
	temporary, err := os.CreateTemp(filepath.Dir(name), filepath.Base(name)+".*")
	if err != nil {
		return err
	}
	defer func() { _ = os.Remove(temporary.Name()) }() // nothing to remove once it is renamed
	_, err = temporary.Write(data)
	if err := errors.Join(err, temporary.Chmod(info.Mode().Perm()), temporary.Close()); err != nil {
		return err
	}
	return os.Rename(temporary.Name(), name)
}
