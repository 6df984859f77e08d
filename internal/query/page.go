package query

import (
	"freddo/document"
	"freddo/exc"
)

// Page is what a client's paging arguments ask for, in the form that Request has.
type Page struct {
	Start, Limit int64
	// Lookahead is Request's.
	Lookahead bool
}

// V1Page reads limit_start, limit_page_length and limit of v1: the first that was sent,
// else 20 rows. Text that is no number is 0, and 0 means all rows; offset without a
// limit is ignored. Errors: ValidationError for a negative number, which upstream lets
// the database refuse. Source: frappe/api/v1.py document_list, db_query.py add_limit.
func V1Page(start, pageLength, limit document.Value) (Page, error) {
	if pageLength.Kind() == document.Missing {
		pageLength = limit
		if !pageLength.Truthy() {
			pageLength = document.IntOf(20)
		}
	}
	return LegacyPage(start, pageLength)
}

// LegacyPage reads a page of the string builder: limit_start and limit_page_length.
func LegacyPage(start, pageLength document.Value) (Page, error) {
	p := Page{Start: document.Cint(start), Limit: document.Cint(pageLength)}
	if p.Limit == 0 {
		return Page{Limit: -1}, nil
	}
	return p, p.check()
}

func (p Page) check() error {
	if p.Start < 0 || p.Limit < 0 {
		return exc.Validation.Throw("Limit must be a non-negative integer")
	}
	return nil
}

// V2Page15 reads limit_start and limit of v15's v2: 20 rows, limit_page_length does not
// count. Source: frappe/api/v2.py document_list.
func V2Page15(start, limit document.Value) (Page, error) {
	if !limit.Truthy() {
		limit = document.IntOf(20)
	}
	return LegacyPage(start, limit)
}

// V2Page16 reads start and limit of v16's v2, which reads one row more than asked for.
// limit=-1 gives all rows but the last. Source: frappe/api/v2.py document_list.
func V2Page16(start, limit document.Value) (Page, error) {
	if !limit.Truthy() {
		limit = document.IntOf(20)
	}
	p := Page{Start: document.Cint(start), Limit: document.Cint(limit) + 1, Lookahead: true}
	if p.Limit < 0 || p.Start < 0 {
		return Page{}, exc.TypeErr.Throw("Limit must be a non-negative integer")
	}
	return p, nil
}

// StrictJSON reads an argument that must be JSON text, as v1 and v2 read fields and
// v2 reads filters; Missing and null stay. Errors: TypeError for another kind,
// JSONDecodeError. Source: frappe/api/v1.py document_list.
func StrictJSON(v document.Value) (document.Value, error) {
	if v.IsNull() {
		return v, nil
	}
	if v.Kind() != document.String {
		return v, exc.TypeErr.Errorf("the JSON object must be str, bytes or bytearray, not %s", pythonType(v))
	}
	err := decodeJSON(&v)
	return v, err
}

// SafeFilters reads the filters of frappe.client.get_count, get_value and get: JSON
// text, except that text which is no JSON object or list is a name.
// Source: frappe/client.py get_safe_filters.
func SafeFilters(v document.Value) document.Value {
	if v.Kind() != document.String {
		return v
	}
	got, err := document.ParseJSON(v.Str())
	if err != nil || got.Kind() < document.List && !got.IsNull() {
		return v
	}
	return got
}
