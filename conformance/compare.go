package conformance

import (
	"encoding/json"
	"fmt"
	"regexp"
	"slices"
	"strconv"
	"strings"
)

// compare returns how the observation got differs from the recorded one, in the mode that the
// step asks for; nothing when they agree. It changes neither of them.
func compare(step *Step, got, want *Object) []string {
	if step.Assert == AssertNone {
		return nil
	}
	// The server's own address differs from run to run.
	want, got = withoutOwnURL(want).(*Object), withoutOwnURL(got).(*Object)
	if want.Get("status") == number(500) && step.Assert != AssertExact {
		return compareRefusal(got, want)
	}
	for _, path := range step.Ignore {
		parts := strings.Split(path, ".")
		mask(got, parts)
		mask(want, parts)
	}
	switch step.Assert {
	case AssertStatus:
		want, got = NewObject("status", want.Get("status")), NewObject("status", got.Get("status"))
	case AssertStatusType:
		want, got = statusAndType(want), statusAndType(got)
	case AssertSubset:
		keepKeysOf(got, want)
	}
	if !slices.Contains(step.Check, "cookies") {
		want.Delete("cookies")
		got.Delete("cookies")
	}
	return differences(want, got, "")
}

// compareRefusal is the rule for where upstream crashed with 500: any clear refusal passes,
// in the API's own error shape where upstream answered with JSON.
func compareRefusal(got, want *Object) []string {
	status, _ := got.Get("status").(json.Number)
	if n, _ := strconv.Atoi(string(status)); n < 400 {
		return []string{fmt.Sprintf(".status: want a refusal (upstream crashed with 500), got %s", short(got.Get("status")))}
	}
	if _, ok := want.Get("body").(*Object); !ok {
		return nil
	}
	body, _ := got.Get("body").(*Object)
	if slices.ContainsFunc([]string{"exc_type", "errors", "exc", "exception"}, body.Has) {
		return nil
	}
	return []string{fmt.Sprintf(".body: want a JSON error (exc_type, exc or errors), got %s", short(got.Get("body")))}
}

func statusAndType(o *Object) *Object {
	body, _ := o.Get("body").(*Object)
	return NewObject("status", o.Get("status"), "exc_type", body.Get("exc_type"))
}

// keepKeysOf drops the keys at the top of got's body that want's body does not have.
func keepKeysOf(got, want *Object) {
	wantBody, ok := want.Get("body").(*Object)
	gotBody, isObject := got.Get("body").(*Object)
	if !ok || !isObject {
		return
	}
	kept := NewObject()
	for _, k := range gotBody.Keys() {
		if wantBody.Has(k) {
			kept.Set(k, gotBody.Get(k))
		}
	}
	got.Set("body", kept)
}

// mask replaces what stands under a dotted path by the wildcard, in place; * stands for any
// key or index. A path that leads nowhere changes nothing.
func mask(v any, parts []string) any {
	if len(parts) == 0 {
		return anything
	}
	switch t := v.(type) {
	case *Object:
		for _, k := range t.Keys() {
			if parts[0] == "*" || parts[0] == k {
				t.Set(k, mask(t.Get(k), parts[1:]))
			}
		}
	case []any:
		for i := range t {
			if parts[0] == "*" || parts[0] == strconv.Itoa(i) {
				t[i] = mask(t[i], parts[1:])
			}
		}
	}
	return v
}

// withoutOwnURL returns a copy of v with <url> for every address of this machine, in keys and
// in texts.
func withoutOwnURL(v any) any {
	switch t := v.(type) {
	case string:
		return replaceOwnURL(t)
	case []any:
		out := make([]any, len(t))
		for i, x := range t {
			out[i] = withoutOwnURL(x)
		}
		return out
	case *Object:
		out := NewObject()
		for _, k := range t.Keys() {
			out.Set(replaceOwnURL(k), withoutOwnURL(t.Get(k)))
		}
		return out
	default:
		return v
	}
}

// replaceOwnURL writes <url> for http(s)://127.0.0.1 and localhost, with or without a port.
func replaceOwnURL(s string) string {
	var b strings.Builder
	for {
		i := strings.Index(s, "http")
		if i < 0 {
			b.WriteString(s)
			return b.String()
		}
		b.WriteString(s[:i])
		s = s[i:]
		if n := ownURLLength(s); n > 0 {
			b.WriteString("<url>")
			s = s[n:]
		} else {
			b.WriteString("http")
			s = s[len("http"):]
		}
	}
}

// ownURLLength returns the length of the address that s, which begins with http, begins with;
// 0 when it is not this machine's.
func ownURLLength(s string) int {
	rest := strings.TrimPrefix(strings.TrimPrefix(s, "http"), "s")
	rest, ok := strings.CutPrefix(rest, "://")
	if !ok {
		return 0
	}
	after, ok := strings.CutPrefix(rest, "127.0.0.1")
	if !ok {
		if after, ok = strings.CutPrefix(rest, "localhost"); !ok {
			return 0
		}
	}
	if port, ok := strings.CutPrefix(after, ":"); ok {
		if tail := strings.TrimLeft(port, "0123456789"); len(tail) < len(port) {
			after = tail
		}
	}
	return len(s) - len(after)
}

// differences lists where got does not match want, which may hold wildcards; path is where
// both stand.
func differences(want, got any, path string) []string {
	switch w := want.(type) {
	case string:
		if diff, decided := matchMark(w, got, path); decided {
			return diff
		}
	case *Object:
		if g, ok := got.(*Object); ok {
			return objectDifferences(w, g, path)
		}
	case []any:
		if g, ok := got.([]any); ok {
			return listDifferences(w, g, path)
		}
	}
	// Lists never come here in pairs, so the comparison below cannot panic.
	if want == got {
		return nil
	}
	return []string{fmt.Sprintf("%s: want %s, got %s", path, short(want), short(got))}
}

func objectDifferences(want, got *Object, path string) []string {
	var out []string
	for _, k := range want.Keys() {
		at := path + "." + k
		switch {
		case got.Has(k):
			out = append(out, differences(want.Get(k), got.Get(k), at)...)
		case want.Get(k) != anything:
			out = append(out, fmt.Sprintf("%s: missing (want %s)", at, short(want.Get(k))))
		}
	}
	for _, k := range got.Keys() {
		if !want.Has(k) {
			out = append(out, fmt.Sprintf("%s.%s: not expected (got %s)", path, k, short(got.Get(k))))
		}
	}
	return out
}

func listDifferences(want, got []any, path string) []string {
	if len(want) != len(got) {
		return []string{fmt.Sprintf("%s: want %d items, got %d: want %s got %s",
			path, len(want), len(got), short(want), short(got))}
	}
	var out []string
	for i := range want {
		out = append(out, differences(want[i], got[i], fmt.Sprintf("%s[%d]", path, i))...)
	}
	return out
}

// matchMark compares against a wildcard. decided is false when want is no wildcard but a text
// (or a mark such as <now>) that has to be there as it is.
func matchMark(want string, got any, path string) (diff []string, decided bool) {
	text, isText := got.(string)
	var ok bool
	var what string
	switch {
	case want == anything:
		return nil, true
	case want == "<*str>":
		ok, what = isText, "a string"
	case want == "<datetime>":
		ok, what = isText && (strings.HasPrefix(text, "<now") || isDatetime(text)), "a datetime"
	case want == "<traceback>", want == "<traceback-list>":
		ok, what = isText, want
	case want == "<html>":
		ok, what = isText && text == want, "an HTML page"
	case strings.HasPrefix(want, "<~>"):
		prefix, suffix, err := affixes(want)
		if err != nil {
			return []string{fmt.Sprintf("%s: broken recording: %v", path, err)}, true
		}
		// A recorded start or end may stop inside an address, as "http" does where the two
		// recordings used different schemes: then the address itself has to be there. Where
		// it stops inside a time of day, because both were made in the same minute, any time
		// does.
		if at := cutTime.FindStringIndex(prefix); at != nil {
			prefix, suffix = prefix[:at[0]+len("<today> ")], strings.TrimLeft(suffix, "0123456789:.")
		}
		full := strings.ReplaceAll(text, "<url>", "http://127.0.0.1")
		ok = isText && (strings.HasPrefix(text, prefix) || strings.HasPrefix(full, prefix)) &&
			(strings.HasSuffix(text, suffix) || strings.HasSuffix(full, suffix))
		what = prefix + "…" + suffix
	default:
		return nil, false
	}
	if ok {
		return nil, true
	}
	return []string{fmt.Sprintf("%s: want %s, got %s", path, what, short(got))}, true
}

// cutTime is the beginning of a time of day at the end of a text.
var cutTime = regexp.MustCompile(`<today> [0-9:.]*$`)

// affixes reads <~>["start","end"].
func affixes(mark string) (prefix, suffix string, err error) {
	var both []string
	if err := json.Unmarshal([]byte(strings.TrimPrefix(mark, "<~>")), &both); err != nil {
		return "", "", fmt.Errorf("wildcard %q: %w", mark, err)
	}
	if len(both) != 2 {
		return "", "", fmt.Errorf("wildcard %q: want two texts", mark)
	}
	return both[0], both[1], nil
}
