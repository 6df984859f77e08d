package auth

import (
	"context"
	"fmt"
	"math"
	"regexp"
	"strconv"
	"time"

	"github.com/trustelem/zxcvbn"
	"github.com/trustelem/zxcvbn/match"

	"freddo/document"
)

// maxStrength is how much of a password is judged: the judge is slow on long ones.
// Source: frappe/utils/password_strength.py test_password_strength.
const maxStrength = 128

// Strength is what zxcvbn says of a password, in the form of upstream's answer.
type Strength struct {
	Score               int
	Warning             string
	Suggestions         []string
	guesses             float64
	sequence            []*match.Match
	took                time.Duration
	PolicyPassed, Asked bool
}

// Strength judges a password; inputs are words that its owner would think of first,
// minimum is the score that the policy wants. It takes a slot like a password check,
// so that a flood of such questions cannot starve the rest. Errors: ctx ended, or too
// many wait. Source: frappe/utils/password_strength.py.
func (p *Passwords) Strength(ctx context.Context, password string, inputs []string, minimum int) (*Strength, error) {
	if r := []rune(password); len(r) > maxStrength {
		password = string(r[:maxStrength])
	}
	free, err := p.acquire(ctx)
	if err != nil {
		return nil, err
	}
	defer free()
	started := time.Now()
	r := zxcvbn.PasswordStrength(password, inputs)
	s := &Strength{Score: r.Score, guesses: r.Guesses, sequence: r.Sequence, took: time.Since(started), Asked: true,
		PolicyPassed: r.Score > 0 && r.Score >= minimum}
	want := minimum
	if want == 0 {
		want = 2
	}
	s.Warning, s.Suggestions = feedback(r.Score, want, r.Sequence)
	return s, nil
}

// Text is the feedback in one line.
func (s *Strength) Text() string {
	t := s.Warning
	for _, more := range s.Suggestions {
		t += " " + more
	}
	return t
}

// Object is upstream's answer of test_password_strength.
func (s *Strength) Object() *document.Object {
	perSecond := []struct {
		name string
		rate float64
	}{{"online_throttling_100_per_hour", 100.0 / 3600}, {"online_no_throttling_10_per_second", 10}, {"offline_slow_hashing_1e4_per_second", 1e4},
		{"offline_fast_hashing_1e10_per_second", 1e10}}
	seconds, display := &document.Object{}, &document.Object{}
	for _, a := range perSecond {
		t := s.guesses / a.rate
		seconds.Set(a.name, document.FloatOf(t))
		display.Set(a.name, document.Text(duration(t)))
	}
	sequence := make([]document.Value, len(s.sequence))
	for i, m := range s.sequence {
		sequence[i] = document.MapOf(document.NewObject("pattern", m.Pattern, "i", m.I, "j", m.J, "token", m.Token, "guesses", m.Guesses,
			"guesses_log10", math.Log10(max(m.Guesses, 1))))
	}
	fb := document.NewObject("warning", s.Warning, "suggestions", document.Texts(s.Suggestions), "password_policy_validation_passed", s.PolicyPassed)
	return document.NewObject("guesses", document.FloatOf(s.guesses), "guesses_log10", document.FloatOf(math.Log10(max(s.guesses, 1))),
		"sequence", document.ListOf(sequence...), "calc_time", fmt.Sprintf("0:00:%09.6f", s.took.Seconds()), "crack_times_seconds", document.MapOf(seconds),
		"crack_times_display", document.MapOf(display), "score", s.Score, "feedback", document.MapOf(fb))
}

// duration is zxcvbn's display_time.
func duration(seconds float64) string {
	const minute, hour, day, month, year, century = 60.0, 3600.0, 86400.0, 86400.0 * 31, 86400.0 * 31 * 12, 86400.0 * 31 * 12 * 100
	for _, u := range []struct {
		below, unit float64
		name        string
	}{{minute, 1, "second"}, {hour, minute, "minute"}, {day, hour, "hour"}, {month, day, "day"}, {year, month, "month"}, {century, year, "year"}} {
		if seconds < 1 {
			return "less than a second"
		}
		if seconds < u.below {
			n := int(math.Round(seconds / u.unit))
			if n != 1 {
				u.name += "s"
			}
			return strconv.Itoa(n) + " " + u.name
		}
	}
	return "centuries"
}

// feedback says what is wrong with a password, judged by its longest part.
// Source: frappe/utils/password_strength.py get_feedback.
func feedback(score, minimum int, sequence []*match.Match) (warning string, suggestions []string) {
	switch {
	case len(sequence) == 0:
		return "", []string{"Use a few words, avoid common phrases.", "No need for symbols, digits, or uppercase letters."}
	case score >= minimum:
		return "", nil
	}
	longest := sequence[0]
	for _, m := range sequence {
		if len(m.Token) > len(longest.Token) {
			longest = m
		}
	}
	switch longest.Pattern {
	case "dictionary":
		return dictionaryFeedback(longest, len(sequence) == 1)
	case "spatial":
		if longest.Turns == 1 {
			return "Straight rows of keys are easy to guess", []string{"Try to use a longer keyboard pattern with more turns"}
		}
		return "Short keyboard patterns are easy to guess", []string{"Make use of longer keyboard patterns"}
	case "repeat":
		if len([]rune(longest.BaseToken)) == 1 {
			return `Repeats like "aaa" are easy to guess`, []string{"Let's avoid repeated words and characters"}
		}
		return `Repeats like "abcabcabc" are only slightly harder to guess than "abc"`, []string{"Try to avoid repeated words and characters"}
	case "sequence":
		return "", []string{"Avoid sequences like abc or 6543 as they are easy to guess"}
	case "regex":
		if longest.RegexName == "recent_year" {
			return "Recent years are easy to guess.", []string{"Avoid recent years.", "Avoid years that are associated with you."}
		}
	case "date", "year":
		return "Dates are often easy to guess.", []string{"Avoid dates and years that are associated with you."}
	}
	return "", []string{"Better add a few more letters or another word"}
}

var (
	startUpper = regexp.MustCompile(`^[A-Z][^A-Z]+$`)
	allUpper   = regexp.MustCompile(`^[^a-z]+$`)
)

func dictionaryFeedback(m *match.Match, sole bool) (warning string, suggestions []string) {
	switch m.DictionaryName {
	case "passwords":
		switch {
		case !sole:
			warning = "This is similar to a commonly used password."
		case m.Rank <= 10:
			warning = "This is a top-10 common password."
		case m.Rank <= 100:
			warning = "This is a top-100 common password."
		default:
			warning = "This is a very common password."
		}
	case "english":
		if sole {
			warning = "A word by itself is easy to guess."
		}
	case "surnames", "male_names", "female_names":
		warning = "Common names and surnames are easy to guess."
		if sole {
			warning = "Names and surnames by themselves are easy to guess."
		}
	}
	switch {
	case startUpper.MatchString(m.Token):
		suggestions = append(suggestions, "Capitalization doesn't help very much.")
	case allUpper.MatchString(m.Token):
		suggestions = append(suggestions, "All-uppercase is almost as easy to guess as all-lowercase.")
	}
	return warning, suggestions
}
