package postgres

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"golang.org/x/text/unicode/norm"

	"freddo/document"
	"freddo/internal/storage"
)

// collation is the quoted name of the collation of text columns. It compares as
// MariaDB's utf8mb4_unicode_ci does, without regard to case and accents; unlike that,
// trailing blanks count.
const collation = `"frappe"`

// The collations for what those that are not deterministic cannot do before
// PostgreSQL 18: LIKE, looking for a part of a text, regular expressions.
const (
	letters  = ` COLLATE "und-x-icu"`
	bytewise = ` COLLATE "C"`
)

// ErrCannotCollate says that a server cannot compare text as Frappe does.
var ErrCannotCollate = errors.New("this PostgreSQL server cannot compare text without regard to case and accents: it takes version 12 or later, built with ICU, and the right to create a collation")

// addCollation makes the collation of a new site.
func addCollation(ctx context.Context, l *link) error {
	err := l.run(ctx, "CREATE COLLATION IF NOT EXISTS "+collation+" (provider = icu, locale = 'und-u-ks-level1', deterministic = false)")
	if err != nil {
		return fmt.Errorf("%w: %w", ErrCannotCollate, err)
	}
	return nil
}

// exact reports whether the database lacks the collation.
func exact(ctx context.Context, l *link) (bool, error) {
	n, err := l.number(ctx, "SELECT COUNT(*) FROM pg_collation WHERE collname = $1 AND NOT collisdeterministic AND pg_collation_is_visible(oid)",
		strings.Trim(collation, `"`))
	return n == 0, err
}

// unlessExact is a collation to write where text does not compare exactly.
func (d Dialect) unlessExact(collate string) string {
	if d.Exact {
		return ""
	}
	return collate
}

// marks are the combining accents of Latin, Greek and Cyrillic letters.
const marks = `[\u0300-\u036f]`

// WriteLike is ILIKE, which ignores case. Accents are taken off the pattern here and
// off the text in the database, there only where it is not ASCII alone.
func (d Dialect) WriteLike(b *storage.Builder, left func(), pattern document.Value, not bool) {
	like := document.Text(withoutMarks(document.ToText(pattern)))
	text := func() {
		left()
		b.SQL(d.unlessExact(letters))
	}
	if not {
		b.SQL("NOT ")
	}
	b.SQL("(")
	text()
	b.SQL(" ILIKE ").Arg(like).SQL(" OR OCTET_LENGTH(")
	left()
	b.SQL(") <> CHAR_LENGTH(")
	left()
	b.SQL(") AND NORMALIZE(REGEXP_REPLACE(NORMALIZE(")
	text()
	b.SQL(", NFD), '" + marks + "', '', 'g'), NFC) ILIKE ").Arg(like).SQL(")")
}

// RawLike is the collation that SQL of others needs around LIKE, behind its left side.
func (d Dialect) RawLike() string { return d.unlessExact(letters) }

// withoutMarks is the text without its accents.
func withoutMarks(text string) string {
	ascii := true
	for i := range len(text) {
		ascii = ascii && text[i] < 0x80
	}
	if ascii {
		return text
	}
	return norm.NFC.String(strings.Map(func(r rune) rune {
		if r >= 0x300 && r <= 0x36f {
			return -1
		}
		return r
	}, norm.NFD.String(text)))
}
