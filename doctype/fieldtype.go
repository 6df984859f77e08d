package doctype

// Class groups fieldtypes by how their values are stored and printed.
type Class uint8

// The classes. NoValue fields (breaks, buttons, HTML) have no column, TableClass
// fields keep their rows in the child DocType's table.
const (
	NoValue Class = iota
	TextClass
	IntClass
	CheckClass
	FloatClass
	DateClass
	DatetimeClass
	TimeClass
	TableClass
)

// Size groups the text columns: bounded varchar, text, or longtext; decimals have
// sizes of their own. A dialect maps it to a column type.
type Size uint8

// The column sizes. Source: frappe/database/mariadb/database.py setup_type_map.
const (
	SizeNone     Size = iota
	SizeVarchar       // varchar(140) or varchar(length)
	SizeText          // text
	SizeLong          // longtext
	SizeJSON          // json
	SizeInt           // int(11)
	SizeBigInt        // bigint
	SizeCheck         // tinyint
	SizeDecimal       // decimal(21,9)
	SizeRating        // decimal(3,2)
	SizeDate          // date
	SizeDatetime      // datetime(6)
	SizeTime          // time(6)
)

// Fieldtype describes one fieldtype.
type Fieldtype struct {
	Name  string
	Class Class
	Size  Size
	// Numeric says that a null reads as 0 (Check, Int, Float, Currency, Percent).
	Numeric bool
}

var fieldtypes = func() map[string]*Fieldtype {
	m := map[string]*Fieldtype{}
	add := func(c Class, s Size, numeric bool, names ...string) {
		for _, n := range names {
			m[n] = &Fieldtype{Name: n, Class: c, Size: s, Numeric: numeric}
		}
	}
	add(TextClass, SizeVarchar, false, "Data", "Link", "Dynamic Link", "Select", "Read Only", "Color", "Icon", "Phone", "Autocomplete")
	add(TextClass, SizeText, false, "Small Text", "Text", "Password", "Attach", "Attach Image")
	add(TextClass, SizeLong, false, "Long Text", "Code", "Text Editor", "Markdown Editor", "HTML Editor", "Signature", "Barcode", "Geolocation")
	add(TextClass, SizeJSON, false, "JSON")
	add(IntClass, SizeInt, true, "Int")
	add(IntClass, SizeBigInt, true, "Long Int")
	add(CheckClass, SizeCheck, true, "Check")
	add(FloatClass, SizeDecimal, true, "Float", "Currency", "Percent")
	add(FloatClass, SizeDecimal, false, "Duration")
	add(FloatClass, SizeRating, false, "Rating")
	add(DateClass, SizeDate, false, "Date")
	add(DatetimeClass, SizeDatetime, false, "Datetime")
	add(TimeClass, SizeTime, false, "Time")
	add(TableClass, SizeNone, false, "Table", "Table MultiSelect")
	add(NoValue, SizeNone, false, "Section Break", "Column Break", "Tab Break", "HTML", "Button", "Image", "Fold", "Heading")
	return m
}()

// LookupFieldtype returns the fieldtype of that name; ok is false for an unknown one.
func LookupFieldtype(name string) (ft *Fieldtype, ok bool) {
	ft, ok = fieldtypes[name]
	return ft, ok
}

// IsText reports whether the SQL column is text, so that it compares by collation.
func (ft *Fieldtype) IsText() bool { return ft.Class == TextClass }

// HasColumn reports whether the fieldtype has a column in its own DocType's table.
func (ft *Fieldtype) HasColumn() bool { return ft.Class != NoValue && ft.Class != TableClass }
