package report

import (
	"context"
	"errors"
	"regexp"
	"slices"
	"strings"
	"time"

	"freddo/document"
	"freddo/exc"
	"freddo/internal/engine"
	"freddo/internal/storage"
)

// The bounds of one report.
const (
	maxTime  = 60 * time.Second
	maxRows  = 100_000
	maxBytes = 64 << 20
)

// checkSafe refuses what is no SELECT. That is upstream's whole check; what keeps a
// query from writing and from secrets is the connection it runs on.
// Source: frappe/utils/safe_exec.py check_safe_sql_query.
func checkSafe(dialect, text string) error {
	s := strings.ToLower(strings.TrimSpace(text))
	begins := func(words ...string) bool {
		return slices.ContainsFunc(words, func(w string) bool { return strings.HasPrefix(s, w) })
	}
	if begins("select", "explain") || begins("with") && dialect != "postgres" {
		return nil
	}
	return exc.Permission.Throw("Query must be of SELECT or read-only WITH type.").WithTitle("Unsafe SQL query")
}

// statement turns a report's query into a statement: %(name)s stands for a filter, %%
// for a percent sign, names stand in backticks, ifnull is coalesce. Values are bound,
// never written. Errors: KeyError for a filter that was not given, TypeError.
// Source: frappe/database/database.py sql, with pymysql's formatting.
func statement(d storage.Dialect, text string, filters document.Value) (*storage.Builder, error) {
	b := storage.NewBuilder(d)
	s := scanner{b: b, text: strings.TrimSpace(text), filters: filters.Map(), ticks: d.Name() == "postgres"}
	if own, ok := d.(interface{ RawLike() string }); ok {
		s.like = own.RawLike()
	}
	for s.at < len(s.text) {
		if err := s.next(); err != nil {
			return nil, err
		}
	}
	s.flush(s.at)
	return b, nil
}

// scanner copies a query up to what has to be changed.
type scanner struct {
	b       *storage.Builder
	text    string
	filters *document.Object
	at      int // the place that is looked at
	done    int // what is before it was copied
	quote   byte
	ticks   bool // backticks become double quotes
	// like is the collation to write before a LIKE, which becomes ILIKE, as MariaDB's
	// regards no case; "" for none.
	like string
}

// likeWord is LIKE, or NOT LIKE, as the next words.
var likeWord = regexp.MustCompile(`(?i)^(not\s+)?like\b`)

// likeAt is the length of a LIKE at the place that is looked at; not tells of NOT.
func (s *scanner) likeAt(rest string) (n int, not bool) {
	if s.like == "" || s.at == 0 || s.quote != 0 || !strings.ContainsRune(" \t\r\n)'\"`", rune(s.text[s.at-1])) {
		return 0, false
	}
	m := likeWord.FindStringSubmatchIndex(rest)
	if m == nil {
		return 0, false
	}
	return m[1], m[2] >= 0
}

// flush copies the text up to a place.
func (s *scanner) flush(to int) {
	s.b.SQL(s.text[s.done:to]) // the report's author wrote it, who may
	s.done = to
}

func (s *scanner) replace(n int, with string) {
	s.flush(s.at)
	s.b.SQL(with)
	s.at += n
	s.done = s.at
}

func (s *scanner) next() error {
	c, rest := s.text[s.at], s.text[s.at:]
	if n, not := s.likeAt(rest); n > 0 {
		word := "ILIKE"
		if not {
			word = "NOT ILIKE"
		}
		s.replace(n, s.like+" "+word)
		return nil
	}
	switch {
	case c == '%':
		return s.percent(rest)
	case s.quote != 0:
		if c == s.quote {
			s.quote = 0
		}
	case c == '\'' || c == '"' || c == '`':
		s.quote = c
	case len(rest) > 7 && strings.EqualFold(rest[:7], "ifnull("):
		s.replace(7, "coalesce(")
		return nil
	}
	if c == '`' && s.ticks {
		s.replace(1, `"`)
		return nil
	}
	s.at++
	return nil
}

func (s *scanner) percent(rest string) error {
	switch {
	case strings.HasPrefix(rest, "%%"):
		s.replace(2, "%")
	case strings.HasPrefix(rest, "%s"):
		return exc.TypeErr.New("not enough arguments for format string")
	case strings.HasPrefix(rest, "%("):
		name, after, ok := strings.Cut(rest[2:], ")")
		if !ok || !strings.HasPrefix(after, "s") {
			return exc.ValueErr.New("incomplete format key")
		}
		if s.filters == nil {
			return exc.TypeErr.New("format requires a mapping")
		}
		v := s.filters.Get(name)
		if v.Kind() == document.Missing {
			return exc.KeyErr.New("'" + name + "'")
		}
		if s.quote != 0 {
			return exc.Programming.New("(1064, \"You have an error in your SQL syntax\")")
		}
		s.flush(s.at)
		s.value(v)
		s.at += len("%()s") + len(name)
		s.done = s.at
	default:
		s.at++
	}
	return nil
}

// value binds a filter; a list becomes several values in brackets.
func (s *scanner) value(v document.Value) {
	if v.Kind() != document.List {
		s.b.Arg(v)
		return
	}
	s.b.SQL("(")
	for i, item := range v.List() {
		if i > 0 {
			s.b.SQL(", ")
		}
		s.b.Arg(item)
	}
	if len(v.List()) == 0 {
		s.b.SQL("NULL")
	}
	s.b.SQL(")")
}

// query runs a report's SELECT and returns its columns' names and rows.
// Errors: QueryTimeoutError, ProgrammingError, OperationalError without the driver's
// text; ValidationError for too large a result.
// Source: frappe/core/doctype/report/report.py execute_query_report.
func query(ctx context.Context, c *engine.Call, text string, filters document.Value) (columns []string, rows [][]document.Value, err error) {
	if text == "" {
		return nil, nil, exc.Validation.Throw("Must specify a Query to run").WithTitle("Report Document Error")
	}
	if err := checkSafe(c.Tx.Dialect().Name(), text); err != nil {
		return nil, nil, err
	}
	b, err := statement(c.Tx.Dialect(), text, filters)
	if err != nil {
		return nil, nil, err
	}
	size, rules := 0, storage.ReportRules{Limit: maxTime, Functions: c.Site.Config().Strings("report_functions")}
	err = c.DB.Report(ctx, b, rules, func(names []string, row storage.Rows) error {
		columns = names
		if row == nil {
			return nil
		}
		if len(rows) >= maxRows || size > maxBytes {
			return exc.Validation.Throwf("The report has more than %d rows. Add filters or a LIMIT.", len(rows))
		}
		cells := make([]document.Value, row.Len())
		for i := range cells {
			r := row.Raw(i)
			size += len(r.Bytes) + 16
			cells[i] = natural(r)
		}
		rows = append(rows, cells)
		return nil
	})
	return columns, rows, refused(err)
}

// natural is a value as it is, datetimes as upstream prints them.
func natural(r storage.Raw) document.Value {
	v := r.Natural()
	if s := v.Str(); v.Kind() == document.String && strings.HasSuffix(s, ".000000") && len(s) == len("2006-01-02 15:04:05.000000") {
		return document.Text(document.ShowDatetime(s))
	}
	return v
}

// refused hides what the database said of a query.
func refused(err error) error {
	var no *storage.Refusal
	if errors.As(err, &no) {
		return exc.Permission.Throwf("A report may not use %s", engine.Bold(no.What)).WithTitle("Unsafe SQL query")
	}
	var se *storage.Error
	if !errors.As(err, &se) {
		return err
	}
	switch se.Kind {
	case storage.Interrupted:
		if errors.Is(err, context.Canceled) {
			return err
		}
		return exc.QueryTimeout.Wrap(err, "(1969, 'Query execution was interrupted (max_statement_time exceeded)')")
	case storage.NoTable:
		return exc.Programming.Wrap(err, "(1146, \"A table of the query does not exist\")")
	case storage.NoColumn:
		return exc.Operational.Wrap(err, "(1054, \"Unknown column in the query\")")
	case storage.Syntax:
		return exc.Programming.Wrap(err, "(1064, \"You have an error in your SQL syntax\")")
	}
	return exc.Operational.Wrap(err, "The query could not be run")
}
