package postgres

import (
	"slices"
	"strings"

	"freddo/internal/storage"
)

// checkReport refuses a report's SELECT that names what no report may: a secret table,
// the catalogue's tables that tell values or sessions, or a function that is not known
// to compute from its arguments alone. PostgreSQL has functions that run SQL which they are
// given as text (query_to_xml), read files and end sessions; new versions and extensions
// bring more, so that only a list of the harmless ones is safe. Functions are found by
// reading the statement as PostgreSQL's lexer does; what is not understood is refused.
// Errors: *storage.Refusal.
func checkReport(sql string, more []string) error {
	if name := storage.MentionedSecret(sql); name != "" {
		return &storage.Refusal{What: name}
	}
	tokens, ok := lex(sql)
	if !ok {
		return &storage.Refusal{What: "this notation"}
	}
	for i, t := range tokens {
		if t.kind != word && t.kind != quoted {
			continue
		}
		name := t.text
		if strings.HasPrefix(name, "pg_") && !safeCatalog[name] {
			return &storage.Refusal{What: name}
		}
		if i+1 >= len(tokens) || tokens[i+1].text != "(" || tokens[i+1].kind != sign {
			continue
		}
		if t.kind == word && beforeBracket[name] || i > 0 && namesAlias(tokens[i-1]) {
			continue
		}
		if known := safeFunctions[name] || slices.Contains(more, name); !known || !plainSchema(tokens[:i]) {
			return &storage.Refusal{What: name + "()"}
		}
	}
	return nil
}

// namesAlias reports whether what follows a token and stands before a bracket is an
// alias with columns, and no function.
func namesAlias(before token) bool {
	return before.kind == sign && before.text == ")" || before.kind == word && (before.text == "as" || before.text == "with" || before.text == "recursive")
}

// plainSchema reports whether a function stands without a schema or in the system's.
func plainSchema(before []token) bool {
	n := len(before)
	if n == 0 || before[n-1].text != "." || before[n-1].kind != sign {
		return true
	}
	return n >= 2 && (before[n-2].text == "pg_catalog" || before[n-2].text == "public")
}

type kind int

const (
	word   kind = iota // as PostgreSQL sees it, in lower case
	quoted             // an identifier in quotes
	text               // a string, a number, a parameter
	sign
)

type token struct {
	kind kind
	text string
}

// lex reads a statement's tokens. ok is false for what it does not know to read, such as
// identifiers with escapes. Source: PostgreSQL's src/backend/parser/scan.l, with
// standard_conforming_strings on.
func lex(s string) (tokens []token, ok bool) {
	for i := 0; i < len(s); {
		n, t, ok := next(s[i:])
		if !ok {
			return nil, false
		}
		if t != nil {
			tokens = append(tokens, *t)
		}
		i += n
	}
	return tokens, true
}

// next reads one token, or a blank or comment, which is none.
func next(s string) (n int, t *token, ok bool) {
	c := s[0]
	switch {
	case c == ' ' || c >= '\t' && c <= '\r':
		return 1, nil, true
	case strings.HasPrefix(s, "--"):
		if n = strings.IndexAny(s, "\r\n"); n < 0 {
			n = len(s)
		}
		return n, nil, true
	case strings.HasPrefix(s, "/*"):
		n, ok = comment(s)
		return n, nil, ok
	case c == '\'':
		n, ok = closing(s, 1, '\'', false)
		return n, &token{text, ""}, ok
	case c == '"':
		n, ok = closing(s, 1, '"', false)
		if !ok || n < 3 {
			return 0, nil, false
		}
		return n, &token{quoted, strings.ReplaceAll(s[1:n-1], `""`, `"`)}, true
	case isStart(c):
		return identifier(s)
	case c == '$':
		return dollar(s)
	case c >= '0' && c <= '9':
		for n = 1; n < len(s) && (isPart(s[n]) || s[n] == '.'); n++ {
		}
		return n, &token{text, ""}, true
	}
	return 1, &token{sign, s[:1]}, true
}

func isStart(c byte) bool { return c|0x20 >= 'a' && c|0x20 <= 'z' || c == '_' || c >= 0x80 }

func isPart(c byte) bool { return isStart(c) || c >= '0' && c <= '9' || c == '$' }

// identifier reads a word, or a string that a letter introduces.
func identifier(s string) (n int, t *token, ok bool) {
	if len(s) > 1 && s[1] == '\'' && strings.IndexByte("eEbBxXnN", s[0]) >= 0 {
		n, ok = closing(s, 2, '\'', s[0]|0x20 == 'e')
		return n, &token{text, ""}, ok
	}
	if len(s) > 2 && s[0]|0x20 == 'u' && s[1] == '&' && (s[2] == '\'' || s[2] == '"') {
		return 0, nil, false
	}
	for n = 1; n < len(s) && isPart(s[n]); n++ {
	}
	return n, &token{word, strings.ToLower(s[:n])}, true
}

// closing is the length up to and with the end of a quoted text that began before from.
func closing(s string, from int, quote byte, escapes bool) (int, bool) {
	for i := from; i < len(s); i++ {
		switch {
		case escapes && s[i] == '\\':
			i++
		case s[i] != quote:
		case i+1 < len(s) && s[i+1] == quote:
			i++
		default:
			return i + 1, true
		}
	}
	return 0, false
}

// comment is the length of a comment, which may hold others.
func comment(s string) (int, bool) {
	depth := 0
	for i := 0; i+1 < len(s); i++ {
		switch s[i : i+2] {
		case "/*":
			depth++
			i++
		case "*/":
			i++
			if depth--; depth == 0 {
				return i + 1, true
			}
		}
	}
	return 0, false
}

// dollar reads a parameter ($1) or a string in dollar quotes ($$…$$, $a$…$a$).
func dollar(s string) (n int, t *token, ok bool) {
	for n = 1; n < len(s) && s[n] != '$' && isPart(s[n]); n++ {
	}
	if n == len(s) || s[n] != '$' || n > 1 && !isStart(s[1]) {
		return n, &token{text, ""}, n > 1 && s[1] >= '0' && s[1] <= '9'
	}
	tag := s[:n+1]
	end := strings.Index(s[n+1:], tag)
	return n + 1 + end + len(tag), &token{text, ""}, end >= 0
}

func set(words string) map[string]bool {
	m := map[string]bool{}
	for _, w := range strings.Fields(words) {
		m[w] = true
	}
	return m
}

var (
	// safeCatalog are names of the catalogue that tell nothing but the shape of tables.
	safeCatalog = set("pg_catalog pg_class pg_namespace pg_attribute pg_type pg_index pg_indexes pg_tables pg_views pg_constraint pg_typeof pg_size_pretty " +
		"pg_relation_size pg_total_relation_size pg_table_size pg_indexes_size pg_database_size pg_column_size")
	// beforeBracket are the words of the language and the types that a bracket may follow.
	beforeBracket = set("select from where and or not in any all some exists values as on using over filter within group by order having when then else case " +
		"distinct union intersect except limit offset like ilike similar between is array row cast lateral join inner outer left right full cross natural with recursive " +
		"materialized partition rows range groups cube rollup sets grouping escape only fetch first next explain analyze return symmetric asymmetric " +
		"numeric decimal dec varchar char character varying nchar timestamp timestamptz time timetz bit float interval precision text bpchar " +
		"coalesce nullif greatest least extract overlay position substring trim bernoulli system repeatable tablesample end to")
	// safeFunctions compute from their arguments alone.
	safeFunctions = set("count sum avg min max array_agg string_agg json_agg jsonb_agg json_object_agg jsonb_object_agg bool_and bool_or every bit_and bit_or bit_xor " +
		"any_value stddev stddev_pop stddev_samp variance var_pop var_samp corr covar_pop covar_samp regr_avgx regr_avgy regr_count regr_intercept regr_r2 regr_slope " +
		"percentile_cont percentile_disc mode row_number rank dense_rank percent_rank cume_dist ntile lag lead first_value last_value nth_value " +
		"abs ceil ceiling floor round trunc mod power pow sqrt cbrt exp ln log log10 sign random pi degrees radians sin cos tan cot asin acos atan atan2 width_bucket " +
		"div gcd lcm factorial scale trim_scale length char_length character_length octet_length bit_length lower upper initcap ltrim rtrim btrim lpad rpad left right " +
		"substr strpos replace translate reverse repeat concat concat_ws format split_part ascii chr md5 encode decode quote_literal quote_ident quote_nullable " +
		"sha224 sha256 sha384 sha512 to_hex regexp_replace regexp_match regexp_matches regexp_count regexp_instr regexp_substr regexp_like regexp_split_to_array " +
		"regexp_split_to_table starts_with to_char to_number to_date to_timestamp string_to_array string_to_table array_to_string normalize unaccent similarity " +
		"now age date_part date_trunc date_bin make_date make_time make_timestamp make_timestamptz make_interval clock_timestamp statement_timestamp " +
		"transaction_timestamp current_date current_time current_timestamp localtime localtimestamp justify_days justify_hours justify_interval timezone isfinite date " +
		"timeofday json_build_object json_build_array jsonb_build_object jsonb_build_array json_object jsonb_object to_json to_jsonb row_to_json array_to_json " +
		"json_extract_path json_extract_path_text jsonb_extract_path jsonb_extract_path_text json_array_length jsonb_array_length json_array_elements " +
		"json_array_elements_text jsonb_array_elements jsonb_array_elements_text json_object_keys jsonb_object_keys json_each json_each_text jsonb_each jsonb_each_text " +
		"json_typeof jsonb_typeof json_strip_nulls jsonb_strip_nulls jsonb_set jsonb_insert jsonb_pretty json_to_record json_to_recordset jsonb_to_record " +
		"jsonb_to_recordset jsonb_path_exists jsonb_path_query jsonb_path_query_array jsonb_path_query_first unnest array_length cardinality array_append array_prepend " +
		"array_cat array_position array_positions array_remove array_replace array_upper array_lower array_ndims array_fill generate_series generate_subscripts " +
		"gen_random_uuid to_tsvector to_tsquery plainto_tsquery phraseto_tsquery websearch_to_tsquery ts_rank ts_rank_cd ts_headline num_nulls num_nonnulls " +
		"coalesce nullif greatest least version current_database current_schema " +
		"pg_typeof pg_size_pretty pg_relation_size pg_total_relation_size pg_table_size pg_indexes_size pg_database_size pg_column_size")
)
