package document

// CountValues is how many values ParseJSON would make of a JSON text, without making
// them: never fewer, and at most one more for each empty list or object. A string inside
// that looks like JSON itself is counted too, since whoever gets it may parse it.
func CountValues(s string) int {
	n, inText, nested := 1, false, false
	for i := 0; i < len(s); i++ {
		c := s[i]
		if inText {
			switch c {
			case '\\':
				i++
			case '"':
				inText = false
			case ',', '[', '{':
				if nested {
					n++
				}
			}
			continue
		}
		switch c {
		case '"':
			inText, nested = true, looksNested(s[i+1:])
		case ',', '[', '{':
			n++
		}
	}
	return n
}

// looksNested reports whether a string's text, escapes and all, may be JSON that holds
// more than one value.
func looksNested(s string) bool {
	for i := 0; i < len(s); i++ {
		switch s[i] {
		case ' ', '\t', '\r', '\n':
		case '\\':
			if i+1 == len(s) {
				return false
			}
			switch i++; s[i] {
			case 'n', 'r', 't':
			case 'u':
				return true // may be a bracket
			default:
				return false
			}
		default:
			return s[i] == '[' || s[i] == '{'
		}
	}
	return false
}
