package method

import (
	"encoding/json"
	"math"
	"reflect"
	"testing"
	"time"

	"freddo/document"
	"freddo/exc"
	"freddo/internal/compat"
)

type line struct {
	Item string  `json:"item"`
	Qty  float64 `json:"qty"`
}

type arguments struct {
	Customer    string          `json:"customer"`
	Amount      float64         `json:"amount,omitempty"`
	Count       int             `json:"count" default:"20"`
	Draft       bool            `json:"draft,omitempty"`
	Note        *string         `json:"note"`
	Lines       []line          `json:"lines,omitempty"`
	Tags        []string        `json:"tags,omitempty"`
	At          time.Time       `json:"at,omitzero"`
	Raw         document.Value  `json:"raw,omitempty"`
	Extra       json.RawMessage `json:"extra,omitempty"`
	CustomerTyp string          `json:",omitempty"`
	Hidden      string          `json:"-"`
}

func TestArgumentsFillAStruct(t *testing.T) {
	t.Parallel()
	b, err := NewBinder(reflect.TypeFor[arguments]())
	if err != nil {
		t.Fatal(err)
	}
	m := Method{Name: "shop.api.pay", Params: b.Params}
	note := "n"
	moment := time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)
	for _, tt := range []struct {
		name, form string
		want       arguments
		class      *exc.Class
		only       string // a release
	}{
		{name: "JSON", form: `{"customer":"a","amount":2.5,"count":3,"draft":true,"note":"n","lines":[{"item":"x","qty":1}],"tags":["t"],"at":"2026-01-02T03:04:05Z"}`,
			want: arguments{Customer: "a", Amount: 2.5, Count: 3, Draft: true, Note: &note, Lines: []line{{"x", 1}}, Tags: []string{"t"}, At: moment}},
		{name: "a form's texts", form: `{"customer":"a","amount":"2.5","count":"3","draft":"1","note":"n","lines":"[{\"item\":\"x\",\"qty\":1}]","tags":"[\"t\"]","at":"2026-01-02T03:04:05Z"}`,
			want: arguments{Customer: "a", Amount: 2.5, Count: 3, Draft: true, Note: &note, Lines: []line{{"x", 1}}, Tags: []string{"t"}, At: moment}},
		{name: "defaults, and nulls", form: `{"customer":"a","note":null,"tags":null,"unknown":1,"Hidden":"h","-":"h"}`, want: arguments{Customer: "a", Count: 20}},
		{name: "whole numbers for others", form: `{"customer":"a","amount":2,"draft":0}`, want: arguments{Customer: "a", Amount: 2, Count: 20}},
		{name: "a name of the field's own", form: `{"customer":"a","customer_typ":"x"}`, want: arguments{Customer: "a", Count: 20, CustomerTyp: "x"}},
		{name: "missing", form: `{"amount":1}`, class: exc.TypeErr},
		{name: "a text for a number", form: `{"customer":"a","amount":"much"}`, class: exc.FrappeType},
		{name: "not a number", form: `{"customer":"a","amount":"nan"}`, class: exc.FrappeType},
		{name: "a half for a whole", form: `{"customer":"a","count":1.5}`, class: exc.FrappeType},
		{name: "beyond 64 bits", form: `{"customer":"a","count":99999999999999999999}`, class: exc.FrappeType},
		{name: "an object for a list", form: `{"customer":"a","lines":{"item":"x"}}`, class: exc.FrappeType},
		{name: "no JSON for a list", form: `{"customer":"a","lines":"x"}`, class: exc.FrappeType},
		{name: "a number for a text", form: `{"customer":5}`, class: exc.FrappeType, only: "v15"},
		{name: "a number for a text", form: `{"customer":5}`, want: arguments{Customer: "5", Count: 20}, only: "v14"},
	} {
		for _, p := range []*compat.Profile{compat.V14(), compat.V15()} {
			if tt.only != "" && tt.only != p.Name {
				continue
			}
			v, err := document.ParseJSON(tt.form)
			if err != nil {
				t.Fatal(err)
			}
			var got arguments
			args, err := m.Bind(p, v.Map())
			if err == nil {
				err = b.Fill(&got, args)
			}
			if tt.class != nil {
				if !exc.Is(err, tt.class) {
					t.Errorf("%s, %s: %v, want %s", tt.name, p.Name, err, tt.class.Name)
				}
				continue
			}
			if err != nil || !reflect.DeepEqual(got, tt.want) {
				t.Errorf("%s, %s: %+v, %v; want %+v", tt.name, p.Name, got, err, tt.want)
			}
		}
	}
}

func TestTypesThatNoArgumentsFitAreRefused(t *testing.T) {
	t.Parallel()
	for _, typ := range []reflect.Type{reflect.TypeFor[int](), reflect.TypeFor[struct{ C chan int }](), reflect.TypeFor[struct {
		A int `default:"{"`
	}]()} {
		if _, err := NewBinder(typ); err == nil {
			t.Errorf("%s was taken", typ)
		}
	}
}

func TestResultsBecomeJSON(t *testing.T) {
	t.Parallel()
	type inner struct {
		Left *float64 `json:"left"`
	}
	type loop struct{ Next *loop }
	self := &loop{}
	self.Next = self
	for _, tt := range []struct {
		in   any
		want string
	}{
		{5.0, "5.0"}, {5, "5"}, {uint8(5), "5"}, {nil, "null"}, {[]string(nil), "[]"}, {[]byte("a"), `"YQ=="`}, {map[string]any{"b": 1, "a": []int{1}}, `{"a":[1],"b":1}`},
		{struct {
			inner
			UnitPrice float64 `json:",omitempty"`
			Skip      string  `json:"-"`
			Empty     string  `json:"empty,omitempty"`
			At        time.Time
		}{UnitPrice: 2}, `{"left":null,"unit_price":2.0,"at":"0001-01-01T00:00:00Z"}`},
		{map[int]string{1: "a"}, `{"1":"a"}`}, {document.NewObject("a", 1), `{"a":1}`}, {document.Text("x"), `"x"`}, {math.MaxInt64, "9223372036854775807"},
	} {
		v, err := ValueOf(tt.in)
		if got := document.Python.Marshal(v); err != nil || got != tt.want {
			t.Errorf("ValueOf(%#v) = %s, %v; want %s", tt.in, got, err, tt.want)
		}
	}
	if _, err := ValueOf(self); err != nil {
		t.Error(err)
	}
	if _, err := ValueOf(make(chan int)); err == nil {
		t.Error("a channel was printed")
	}
}
