package e2e

import (
	"context"
	"fmt"
	"net/http"
	"strings"
	"testing"
)

// TestRefusedTypesKeepTheirValues changes the type of a field that holds something else,
// by every way that alters a table, and then whatever might bring the change about later:
// harmless changes, customisations, a migration, another name.
func TestRefusedTypesKeepTheirValues(t *testing.T) {
	t.Parallel()
	eachDatabase(t, "v15", func(s *site) {
		refused := []struct{ kind, value, class string }{
			{"Int", "abc", "OperationalError"}, {"Float", "12,5", "OperationalError"}, {"Check", "yes", "OperationalError"},
			{"Duration", "1h", "OperationalError"}, {"Rating", "five", "OperationalError"}, {"Rating", "50", "DataError"},
			{"Date", "soon", "OperationalError"}, {"Datetime", "2024-02-30", "OperationalError"}, {"Time", "25:61", "OperationalError"},
			{"JSON", "{not json", "OperationalError"}, {"Int", "3000000000", "DataError"},
		}
		names := make([]string, len(refused))
		for i, c := range refused {
			names[i] = fmt.Sprintf("Retype %s %d", c.kind, i)
			refusedType(s, names[i], c.kind, c.value, c.class)
		}
		if err := s.app.Migrate(context.Background(), nil); err != nil {
			s.Fatal(err)
		}
		for i, name := range names {
			two := name + " Two"
			s.rename("DocType", name, two)
			s.redefined(two, field("a", "Data", ""), field("ok", "Data", ""))
			s.wantValue(two, "r", "a", refused[i].value)
			s.wantValue(two, "r", "ok", "12")
		}
		lossyTypes(s)
	})
}

// refusedType asks for a type, is refused, and goes on with what does not touch the field.
func refusedType(s *site, name, kind, value, class string) {
	s.Helper()
	s.define(name, "", field("a", "Data", ""), field("ok", "Data", ""))
	s.add(name, "r", fmt.Sprintf(`"a":%q,"ok":"12"`, value))
	for range 2 {
		code, body := s.redefine(name, field("a", kind, ""), field("ok", "Int", ""))
		s.refused(code, body, class, "")
	}
	code, body := s.redefine(name, field("a", kind, ""), field("ok", "Int", ""), field("more", "Data", ""))
	s.refused(code, body, class, "") // upstream alters the column again
	code, body = s.do(http.MethodPost, "/api/resource/Custom%20Field", fmt.Sprintf(`{"dt":%q,"label":"Added","fieldtype":"Data"}`, name))
	s.refused(code, body, class, "")
	s.must(http.MethodPost, "/api/resource/Property%20Setter", fmt.Sprintf(`{"doctype_or_field":"DocField","doc_type":%q,"field_name":"a",
		"property":"bold","property_type":"Check","value":"1"}`, name))
}

func lossyTypes(s *site) {
	fields := func(a, b, c, d string) []string {
		return []string{field("a", a, ""), field("b", b, ""), field("c", c, ""), field("d", d, "")}
	}
	s.define("Lossy", "", fields("Data", "Float", "Datetime", "Int")...)
	s.add("Lossy", "r", `"a":"007","b":2.5,"c":"2024-02-29 10:11:12","d":5`)
	for _, now := range [][]string{fields("Int", "Float", "Datetime", "Int"), fields("Data", "Int", "Datetime", "Int"), fields("Data", "Rating", "Datetime", "Int"), fields("Data", "Float", "Time", "Int"),
		fields("Data", "Float", "Datetime", "Check")} {
		code, body := s.redefine("Lossy", now...)
		s.refused(code, body, "ValidationError", "Change the stored values first")
		for f, want := range map[string]string{"a": "007", "b": "2.5", "c": "2024-02-29 10:11:12", "d": "5"} {
			s.wantValue("Lossy", "r", f, want)
		}
		s.must(http.MethodPut, resource("Lossy", "r"), `{"b":2.5}`) // nothing was kept of the DocType
		s.wantValue("Lossy", "r", "c", "2024-02-29 10:11:12")
	}
	s.redefined("Lossy", fields("Data", "Float", "Date", "Int")...) // as MariaDB does
	s.wantValue("Lossy", "r", "c", "2024-02-29")
	s.redefined("Lossy", fields("Data", "Float", "Datetime", "Data")...)
	s.wantValue("Lossy", "r", "c", "2024-02-29 00:00:00")
	s.wantValue("Lossy", "r", "d", "5")
	code, body := s.do(http.MethodPost, "/api/resource/Custom%20Field", `{"dt":"Lossy","label":"Extra","fieldname":"extra","fieldtype":"Data"}`)
	if code != http.StatusOK {
		s.Fatalf("a Custom Field: %d %s", code, body)
	}
	s.must(http.MethodPut, resource("Lossy", "r"), `{"extra":"`+strings.Repeat("é", 30)+`"}`)
	code, body = s.redefine("Lossy", field("a", "Data", ""), field("b", "Float", ""), field("c", "Datetime", ""), field("long", "Small Text", ""))
	if code != http.StatusOK {
		s.Fatalf("another field: %d %s", code, body)
	}
	s.must(http.MethodPut, resource("Lossy", "r"), `{"long":"`+strings.Repeat("é", 300)+`"}`)
	code, body = s.redefine("Lossy", field("a", "Data", ""), field("b", "Float", ""), field("c", "Datetime", ""), field("long", "Data", ""))
	s.refused(code, body, "DataError", "")
	s.wantValue("Lossy", "r", "long", strings.Repeat("é", 300))
}
