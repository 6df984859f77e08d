package document

import "strings"

// Repr prints a value as Python's repr does, for the texts of errors: None, True, 'a',
// ['a', 1], {'k': 'v'}.
func Repr(v Value) string {
	switch v.Kind() {
	case Missing, Null:
		return "None"
	case Bool:
		if v.Bool() {
			return "True"
		}
		return "False"
	case String:
		return reprText(v.Str())
	case List:
		parts := make([]string, len(v.List()))
		for i, item := range v.List() {
			parts[i] = Repr(item)
		}
		return "[" + strings.Join(parts, ", ") + "]"
	case Map:
		parts := make([]string, v.Map().Len())
		for i := range parts {
			k, item := v.Map().At(i)
			parts[i] = reprText(k) + ": " + Repr(item)
		}
		return "{" + strings.Join(parts, ", ") + "}"
	}
	return PythonSpaced.Marshal(v)
}

// reprText quotes as Python does: double quotes only around texts with a single one.
func reprText(s string) string {
	quote := "'"
	if strings.Contains(s, "'") && !strings.Contains(s, `"`) {
		quote = `"`
	}
	s = strings.NewReplacer(`\`, `\\`, "\n", `\n`, "\r", `\r`, "\t", `\t`, quote, `\`+quote).Replace(s)
	return quote + s + quote
}
