package engine

import (
	"context"
	"html"
	"net/mail"
	"net/url"
	"regexp"
	"strings"

	"freddo/document"
	"freddo/exc"
)

var (
	// personName is Python's, whose \w takes the letters and digits of every script.
	personName  = regexp.MustCompile(`^[\p{L}\p{N}_][\p{L}\p{N}_'-]*( [\p{L}\p{N}_][\p{L}\p{N}_'-]*)*$`)
	phoneNumber = regexp.MustCompile(`^([0-9 +_\-,.*#()]){1,20}$`)
	emailParts  = regexp.MustCompile(`[,\n]`)
	// emailShape is frappe/utils/__init__.py's: ASCII, parts between single dots, and a domain
	// of at least two labels.
	emailShape = regexp.MustCompile("^[a-z0-9!#$%&'*+/=?^_`{|}~-]+(?:\\.[a-z0-9!#$%&'*+/=?^_`{|}~-]+)*@(?:[a-z0-9](?:[a-z0-9-]*[a-z0-9])?\\.)+[a-z0-9](?:[a-z0-9-]*[a-z0-9])?$")
)

// validateData checks Data fields whose options name a kind of text.
// Source: frappe/model/base_document.py _validate_data_fields.
func (c *Call) validateData(_ context.Context, d *document.Document) error {
	for _, r := range withRows(d) {
		for _, f := range r.Type.Fields {
			if f.Slot < 0 {
				continue
			}
			v := document.ToText(r.At(f.Slot))
			if v == "" {
				continue
			}
			if f.Fieldtype == "Phone" {
				if err := validatePhoneField(f.Fieldname, v); err != nil {
					return err
				}
			}
			if f.Fieldtype != "Data" {
				continue
			}
			if err := c.validateKind(f.Options, v, r); err != nil {
				return err
			}
		}
	}
	return nil
}

func (c *Call) validateKind(kind, v string, d *document.Document) error {
	switch kind {
	case "Email":
		if (v == "Administrator" || v == "Guest") && (d.Owner() == "Administrator" || d.Owner() == "Guest") {
			return nil
		}
		for _, one := range emailParts.Split(v, -1) {
			if err := c.CheckEmail(strings.TrimSpace(one)); err != nil {
				return err
			}
		}
	case "Name":
		if !personName.MatchString(strings.TrimSpace(v)) {
			return exc.InvalidName.Throwf("%s is not a valid Name", v)
		}
	case "Phone":
		if !phoneNumber.MatchString(strings.TrimSpace(v)) {
			return exc.InvalidPhoneNumber.Throwf("%s is not a valid Phone Number", v)
		}
	case "URL":
		u, err := url.Parse(strings.TrimSpace(v))
		if err != nil || !(strings.HasPrefix(v, "/") || u.Scheme != "" && u.Host != "") {
			return exc.Validation.Throwf("'%s' is not a valid URL", Bold(v))
		}
	case "IBAN":
		if c.Profile.IBAN && !validIBAN(v) {
			return exc.Validation.Throwf("'%s' is not a valid IBAN", Bold(v))
		}
	}
	return nil
}

// validIBAN checks the digits of an account number.
// Source: frappe/utils/__init__.py is_valid_iban.
func validIBAN(s string) bool {
	s = strings.ToUpper(strings.ReplaceAll(s, " ", ""))
	if len(s) <= 4 {
		return false
	}
	rest := 0
	for i := range len(s) {
		switch b := s[(i+4)%len(s)]; {
		case b >= '0' && b <= '9':
			rest = (rest*10 + int(b-'0')) % 97
		case b >= 'A' && b <= 'Z':
			rest = (rest*100 + int(b-'A') + 10) % 97
		default:
			return false
		}
	}
	return rest == 1
}

// CheckEmail refuses what is no address. v16 names the part that its parser took for
// the address. Source: frappe/utils/__init__.py validate_email_address.
func (c *Call) CheckEmail(s string) error {
	if s == "" || ValidEmail(s) {
		return nil
	}
	if c.Profile.EmailByParser {
		s = html.EscapeString(addressIn(s))
	}
	return exc.InvalidEmailAddress.Throwf("%s is not a valid Email Address", s)
}

// addressIn is what Python's parser takes for the address in a text: what stands in
// angle brackets, else the first word where there is no @.
func addressIn(s string) string {
	if _, after, ok := strings.Cut(s, "<"); ok {
		if inner, _, ok := strings.Cut(after, ">"); ok && inner != "" {
			return inner
		}
		return s
	}
	if words := strings.Fields(s); !strings.ContainsAny(s, `@"()`) && len(words) > 0 {
		return words[0]
	}
	return s
}

// ValidEmail reports whether text is an address, with or without a display name.
// Source: frappe/utils/__init__.py validate_email_address.
func ValidEmail(s string) bool {
	switch {
	case strings.Contains(s, "undisclosed-recipient"):
		return true
	case strings.Contains(s, " ") && !strings.Contains(s, "<"):
		return false
	case emailShape.MatchString(strings.ToLower(s)):
		return true
	}
	a, err := mail.ParseAddress(s)
	return err == nil && emailShape.MatchString(strings.ToLower(a.Address))
}

// validatePhoneField checks a Phone field: +country-number.
func validatePhoneField(field, v string) error {
	if !strings.HasPrefix(v, "+") {
		return exc.InvalidPhoneNumber.Throwf("Please select a country code for field %s.", Bold(field)).WithTitle("Country Code Required")
	}
	digits := 0
	for _, r := range v[1:] {
		switch {
		case r >= '0' && r <= '9':
			digits++
		case r != '-' && r != ' ':
			digits = -100
		}
	}
	if digits < 6 || digits > 15 {
		return exc.InvalidPhoneNumber.Throwf("Phone Number %s set in field %s is not valid.", Bold(v), Bold(field)).WithTitle("Invalid Phone Number")
	}
	return nil
}
