package query

import (
	"strings"
	"unicode"
	"unicode/utf8"
)

// Limits on one text of a client.
const (
	maxText   = 4000
	maxTokens = 400
	maxDepth  = 12
)

type tokenKind uint8

const (
	wordToken   tokenKind = iota
	nameToken             // `quoted`
	stringToken           // 'quoted' or "quoted"
	numberToken
	signToken
)

// token is one lexical part of an SQL-like text; text is without its quotes.
type token struct {
	kind     tokenKind
	text     string
	from, to int
}

// lex splits a text into tokens; ok is false for an open quote, for a backslash in
// quotes, whose meaning databases disagree on, and beyond the limits.
func lex(s string) (toks []token, ok bool) { return lexText(s, false) }

// lexText is lex; escapes reads backslashes in quotes as MariaDB does.
func lexText(s string, escapes bool) (toks []token, ok bool) {
	if len(s) > maxText || !utf8.ValidString(s) || strings.ContainsRune(s, 0) {
		return nil, false
	}
	for i := 0; i < len(s); {
		if len(toks) >= maxTokens {
			return nil, false
		}
		c := s[i]
		switch {
		case c == ' ' || c == '\t' || c == '\n' || c == '\r':
			i++
			continue
		case c == '`' || c == '\'' || c == '"':
			text, n := quoted(s[i:], escapes)
			if n == 0 {
				return nil, false
			}
			kind := stringToken
			if c == '`' {
				kind = nameToken
			}
			toks = append(toks, token{kind, text, i, i + n})
			i += n
			continue
		}
		n, kind := plain(s[i:])
		toks = append(toks, token{kind, s[i : i+n], i, i + n})
		i += n
	}
	return toks, true
}

// quoted reads a quoted text; a doubled quote stands for one. n is 0 when the quote
// stays open, or at a backslash unless escapes allows it.
func quoted(s string, escapes bool) (text string, n int) {
	q := s[0]
	var b strings.Builder
	for i := 1; i < len(s); i++ {
		switch {
		case s[i] == '\\' && q != '`':
			if i++; !escapes || i == len(s) {
				return "", 0
			}
			b.WriteString(unescape(s[i]))
		case s[i] != q:
			b.WriteByte(s[i])
		case i+1 < len(s) && s[i+1] == q:
			b.WriteByte(q)
			i++
		default:
			return b.String(), i + 1
		}
	}
	return "", 0
}

// unescape is what a backslash and c mean in MariaDB's quotes.
func unescape(c byte) string {
	switch c {
	case 'n':
		return "\n"
	case 't':
		return "\t"
	case 'r':
		return "\r"
	case '0':
		return ""
	case '%', '_':
		return "\\" + string(c)
	}
	return string(c)
}

// plain reads a word, a number or one sign.
func plain(s string) (n int, kind tokenKind) {
	digits := 0
	for n < len(s) {
		r, size := utf8.DecodeRuneInString(s[n:])
		switch {
		case r >= '0' && r <= '9':
			digits++
		case r == '_' || unicode.IsLetter(r) || unicode.IsDigit(r):
		case r == '.' && n > 0 && digits == n && n+1 < len(s) && s[n+1] >= '0' && s[n+1] <= '9':
			digits++
		default:
			if n == 0 {
				return size, signToken
			}
			return n, kindOf(digits, n)
		}
		n += size
	}
	return n, kindOf(digits, n)
}

func kindOf(digits, n int) tokenKind {
	if digits == n {
		return numberToken
	}
	return wordToken
}

// is reports whether a token is that word, in any case, or that sign.
func (t token) is(text string) bool {
	return (t.kind == wordToken || t.kind == signToken) && strings.EqualFold(t.text, text)
}

// textKind tells what a parsed text is.
type textKind uint8

const (
	refText textKind = iota
	funcText
	starText
	stringText
	numberText
)

// textExpr is one parsed expression of a client's text, with nothing looked up yet.
type textExpr struct {
	kind textKind
	// parts are the parts of a dotted name.
	parts []token
	// text is a function's name in capitals, a string or a number.
	text     string
	distinct bool
	args     []*textExpr
}

// textParser is a recursive descent parser over tokens.
type textParser struct {
	src  string
	toks []token
	at   int
}

func (p *textParser) done() bool { return p.at >= len(p.toks) }

func (p *textParser) peek() token {
	if p.done() {
		return token{kind: signToken}
	}
	return p.toks[p.at]
}

func (p *textParser) take(text string) bool {
	if p.peek().is(text) {
		p.at++
		return true
	}
	return false
}

// expr parses a name, a function call, a quoted text, a number or *.
func (p *textParser) expr(depth int) (*textExpr, bool) {
	if p.done() || depth > maxDepth {
		return nil, false
	}
	t := p.peek()
	p.at++
	switch t.kind {
	case stringToken:
		return &textExpr{kind: stringText, text: t.text}, true
	case numberToken:
		return &textExpr{kind: numberText, text: t.text}, true
	case signToken:
		return &textExpr{kind: starText}, t.text == "*"
	}
	if t.kind == wordToken && p.take("(") {
		return p.call(strings.ToUpper(t.text), depth)
	}
	e := &textExpr{kind: refText, parts: []token{t}}
	for p.take(".") {
		next := p.peek()
		if p.done() || next.kind != wordToken && next.kind != nameToken {
			return nil, false
		}
		e.parts = append(e.parts, next)
		p.at++
	}
	return e, true
}

// call parses a function's arguments after its opening bracket.
func (p *textParser) call(name string, depth int) (*textExpr, bool) {
	e := &textExpr{kind: funcText, text: name}
	if p.take(")") {
		return e, true
	}
	e.distinct = p.take("distinct")
	for {
		arg, ok := p.expr(depth + 1)
		if !ok {
			return nil, false
		}
		if name == "EXTRACT" && p.take("from") {
			return p.extract(arg, depth)
		}
		e.args = append(e.args, arg)
		if p.take(")") {
			return e, true
		}
		if !p.take(",") {
			return nil, false
		}
	}
}

// extract parses the rest of EXTRACT(unit FROM value) into the unit's own function.
func (p *textParser) extract(unit *textExpr, depth int) (*textExpr, bool) {
	if unit.kind != refText || len(unit.parts) != 1 || !extractUnits[strings.ToUpper(unit.parts[0].text)] {
		return nil, false
	}
	arg, ok := p.expr(depth + 1)
	if !ok || !p.take(")") {
		return nil, false
	}
	return &textExpr{kind: funcText, text: strings.ToUpper(unit.parts[0].text), args: []*textExpr{arg}}, true
}

// item is one entry of a client's fields.
type item struct {
	expr     *textExpr
	alias    string
	distinct bool
	// source is the expression as it was written: MariaDB's label of a function.
	source string
}

// parseItem parses "expression [as alias]".
func parseItem(s string) (it item, ok bool) {
	p := &textParser{src: s}
	if p.toks, ok = lex(s); !ok || len(p.toks) == 0 {
		return it, false
	}
	first := p.toks[0]
	if first.is("distinct") && len(p.toks) > 1 && !p.toks[1].is("as") {
		it.distinct = true
		p.at++
	}
	start := p.peek().from
	if it.expr, ok = p.expr(0); !ok {
		return it, false
	}
	it.source = strings.TrimSpace(s[start:p.toks[p.at-1].to])
	if p.done() {
		return it, true
	}
	if !p.take("as") || p.done() || p.at != len(p.toks)-1 || p.peek().kind > stringToken {
		return it, false
	}
	it.alias = p.peek().text
	return it, it.alias != "" && len(it.alias) <= maxAlias
}

// maxAlias bounds a label, which every row repeats.
const maxAlias = 200

// term is one key of an order_by or group_by.
type term struct {
	expr *textExpr
	desc bool
	// source is the term as it was written.
	source string
}

// parseTerms parses "expression [asc|desc], …".
func parseTerms(s string) (terms []term, ok bool) {
	p := &textParser{src: s}
	if p.toks, ok = lex(s); !ok {
		return nil, false
	}
	for !p.done() {
		t := term{source: p.peek().text}
		if t.expr, ok = p.expr(0); !ok {
			return nil, false
		}
		if p.take("desc") {
			t.desc = true
		} else {
			p.take("asc")
		}
		terms = append(terms, t)
		if !p.done() && (!p.take(",") || p.done()) {
			return nil, false
		}
	}
	return terms, true
}

// firstColumn finds the first column that a text refers to, as an SQL parser would
// that collects columns: the part of an error's text that upstream prints.
func firstColumn(s string) string {
	toks, ok := lex(s)
	if !ok {
		return s
	}
	for i := 0; i < len(toks); i++ {
		t := toks[i]
		if t.is("as") {
			i++ // the alias is no column
			continue
		}
		call := i+1 < len(toks) && toks[i+1].is("(")
		if t.kind == wordToken && (call || sqlWords[strings.ToLower(t.text)]) || t.kind > nameToken {
			continue
		}
		name := t.text
		for ; i+2 < len(toks) && toks[i+1].is("."); i += 2 {
			name += "." + toks[i+2].text
		}
		return name
	}
	return ""
}

var sqlWords = map[string]bool{"select": true, "distinct": true, "from": true, "where": true, "and": true, "or": true,
	"not": true, "case": true, "when": true, "then": true, "else": true, "end": true, "null": true, "is": true,
	"year": true, "month": true, "day": true, "as": true, "limit": true, "union": true, "all": true}
