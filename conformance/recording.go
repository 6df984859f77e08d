package conformance

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
)

// Assert says how much of an answer a step compares.
type Assert string

// The modes of a step. The zero value means AssertBody.
const (
	AssertBody       Assert = "body"        // status, headers and body
	AssertStatus     Assert = "status"      // the status alone
	AssertStatusType Assert = "status+type" // the status and the body's exc_type
	AssertSubset     Assert = "subset"      // body may hold more keys at its top
	AssertNone       Assert = "none"        // nothing; the step only has to be sent
	AssertExact      Assert = "exact"       // as body, and a recorded 500 must be matched, too
)

// Area is one file of recordings: what to prepare on an empty site and what was said then.
// A loaded area is never changed, so several runs may share it.
type Area struct {
	Name      string     `json:"area"`
	About     string     `json:"about"`
	Users     Users      `json:"users"`
	Setup     []Step     `json:"setup"`
	Scenarios []Scenario `json:"scenarios"`
}

// Users are the accounts of an area in the order in which they are created.
type Users []User

// User is an account to create, with an API key; e-mail <label>@example.com unless given.
type User struct {
	Label     string   `json:"-"`
	Email     string   `json:"email"`
	FirstName string   `json:"first_name"`
	UserType  string   `json:"user_type"` // "" means "System User"
	Password  string   `json:"password"`  // "" means none
	Roles     []string `json:"roles"`
	Extra     *Object  `json:"extra"` // more fields of the User document
}

// UnmarshalJSON reads {label: user…} and keeps the order.
func (u *Users) UnmarshalJSON(data []byte) error {
	var order Object
	if err := order.UnmarshalJSON(data); err != nil {
		return fmt.Errorf("users: %w", err)
	}
	var byLabel map[string]User
	if err := json.Unmarshal(data, &byLabel); err != nil {
		return fmt.Errorf("users: %w", err)
	}
	for _, label := range order.Keys() {
		user := byLabel[label]
		user.Label = label
		*u = append(*u, user)
	}
	return nil
}

// Scenario is a conversation: steps in order.
type Scenario struct {
	Name     string  `json:"name"`
	About    string  `json:"about"`
	Note     string  `json:"note"`
	Versions []int   `json:"versions"` // releases that it is for; none means all
	Config   *Object `json:"config"`   // merged into site_config.json while it runs
	Steps    []Step  `json:"steps"`
}

// Step is one request, or one of Hooks, HooksFail and Sleep instead of it.
type Step struct {
	As       string   `json:"as"` // "" or admin, guest, a user's label, session:<label>
	Note     string   `json:"note"`
	Versions []int    `json:"versions"` // none means all
	Request  *Request `json:"request"`

	Save   *Object `json:"save"`    // variable → dotted path in the body, or header:<Name>
	SaveRE string  `json:"save_re"` // its first group is what is saved of a header

	Assert Assert             `json:"assert"`
	Check  []string           `json:"check"`  // "cookies": compare Set-Cookie as well
	Ignore []string           `json:"ignore"` // dotted paths of the observation; * is any key or index
	Expect map[string]*Object `json:"expect"` // version → what upstream answered

	Hooks     *int     `json:"hooks"`      // wait for so many outgoing requests and compare them
	HooksFail *int     `json:"hooks_fail"` // answer 500 to the next so many
	Sleep     *float64 `json:"sleep"`      // seconds
	Timeout   *float64 `json:"timeout"`    // seconds to wait for hooks; 15 by default
}

// Request is a request as recorded, before its variables are filled: method, path, query,
// one of json, form, multipart, text; headers, raw_path.
type Request struct{ Object }

// Method returns the recorded method, GET by default.
func (r *Request) Method() string {
	if r == nil || !r.Has("method") {
		return "GET"
	}
	return r.Text("method")
}

// For reports whether the scenario belongs to a release (14, 15 or 16).
func (s *Scenario) For(version int) bool { return isFor(s.Versions, version) }

// For reports whether the step belongs to a release (14, 15 or 16).
func (s *Step) For(version int) bool { return isFor(s.Versions, version) }

func isFor(versions []int, version int) bool {
	return len(versions) == 0 || slices.Contains(versions, version)
}

// Expected returns what upstream answered in a release; nil when nothing was recorded.
func (s *Step) Expected(version int) *Object { return s.Expect[strconv.Itoa(version)] }

// actor returns who sends the step.
func (s *Step) actor() string {
	if s.As == "" {
		return "admin"
	}
	return s.As
}

// observed reports whether the step yields something to compare.
func (s *Step) observed() bool { return s.Sleep == nil && s.HooksFail == nil }

// Load reads one area from a file.
func Load(name string) (*Area, error) {
	return LoadFS(os.DirFS(filepath.Dir(name)), filepath.Base(name))
}

// LoadFS reads one area from a file of fsys. Errors: no such file, no JSON, or a recording
// that could not be replayed (an unknown assert mode, a step without anything to do…).
func LoadFS(fsys fs.FS, name string) (*Area, error) {
	data, err := fs.ReadFile(fsys, name)
	if err != nil {
		return nil, fmt.Errorf("load recording: %w", err)
	}
	area := &Area{}
	if err := json.Unmarshal(data, area); err != nil {
		return nil, fmt.Errorf("load recording %s: %w", name, err)
	}
	if err := area.validate(); err != nil {
		return nil, fmt.Errorf("load recording %s: %w", name, err)
	}
	return area, nil
}

// LoadAll reads every *.json of a folder of fsys, in the order of the file names.
// A folder without recordings is an error, lest a wrong path look like success.
func LoadAll(fsys fs.FS, dir string) ([]*Area, error) {
	names, err := fs.Glob(fsys, path.Join(dir, "*.json"))
	if err != nil {
		return nil, fmt.Errorf("load recordings: %w", err)
	}
	if len(names) == 0 {
		return nil, fmt.Errorf("load recordings: no *.json in %s", dir)
	}
	areas := make([]*Area, len(names))
	for i, name := range names {
		if areas[i], err = LoadFS(fsys, name); err != nil {
			return nil, err
		}
	}
	return areas, nil
}

func (a *Area) validate() error {
	if a.Name == "" {
		return errors.New("no area name")
	}
	for i := range a.Setup {
		if err := a.Setup[i].validate(); err != nil {
			return fmt.Errorf("setup step %d: %w", i, err)
		}
	}
	for _, scenario := range a.Scenarios {
		for i := range scenario.Steps {
			if err := scenario.Steps[i].validate(); err != nil {
				return fmt.Errorf("scenario %q step %d: %w", scenario.Name, i, err)
			}
		}
	}
	return nil
}

func (s *Step) validate() error {
	switch s.Assert {
	case "", AssertBody, AssertStatus, AssertStatusType, AssertSubset, AssertNone, AssertExact:
	default:
		return fmt.Errorf("unknown assert %q", s.Assert)
	}
	if s.Request == nil && s.Hooks == nil && s.HooksFail == nil && s.Sleep == nil {
		return errors.New("neither request nor hooks nor sleep")
	}
	if s.Request != nil && s.Request.Text("path") == "" {
		return errors.New("request without path")
	}
	if _, err := regexp.Compile(s.SaveRE); err != nil {
		return fmt.Errorf("save_re: %w", err)
	}
	return nil
}

// usesHooks reports whether a run needs someone who receives the server's own requests.
func (a *Area) usesHooks() bool {
	uses := func(s Step) bool {
		return s.Hooks != nil || s.HooksFail != nil ||
			s.Request != nil && strings.Contains(dumps(&s.Request.Object), "${hook}")
	}
	return slices.ContainsFunc(a.Setup, uses) ||
		slices.ContainsFunc(a.Scenarios, func(s Scenario) bool { return slices.ContainsFunc(s.Steps, uses) })
}
