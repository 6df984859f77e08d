package freddo_test

import (
	"context"
	"fmt"
	"os"
	"testing/fstest"

	"freddo"
	"freddo/document"
	"freddo/exc"
)

// book is a DocType as an app ships it, in Frappe's JSON format.
const book = `{"doctype": "DocType", "name": "Book", "module": "Custom", "autoname": "field:title", "is_submittable": 1,
	"fields": [
		{"fieldname": "title", "fieldtype": "Data", "label": "Title", "reqd": 1},
		{"fieldname": "copies", "fieldtype": "Int", "label": "Copies"},
		{"fieldname": "shelf", "fieldtype": "Data", "label": "Shelf"}],
	"permissions": [{"role": "System Manager", "read": 1, "write": 1, "create": 1, "submit": 1}]}`

// An app adds behaviour to its DocTypes with hooks: they run in the request's
// transaction, see the document before and after, and refuse with an error.
func ExampleApp_On() {
	dir, err := os.MkdirTemp("", "site")
	if err != nil {
		fmt.Println(err)
		return
	}
	defer func() { _ = os.RemoveAll(dir) }()
	ctx, site := context.Background(), dir+"/demo"
	if err := freddo.NewSite(ctx, site, freddo.NewSiteOptions{AdminPassword: "admin"}); err != nil {
		fmt.Println(err)
		return
	}
	app, err := freddo.New(freddo.Config{Site: site})
	if err != nil {
		fmt.Println(err)
		return
	}
	defer func() { _ = app.Close() }()
	if err := app.DocTypes(fstest.MapFS{"book.json": {Data: []byte(book)}}); err != nil {
		fmt.Println(err)
		return
	}

	app.On("Book", freddo.Validate, func(_ context.Context, _ *freddo.Call, d *document.Document) error {
		if d.Int("copies") < 0 {
			return exc.Validation.Throw("A book cannot have fewer than no copies")
		}
		d.Set("shelf", document.Text(d.Name()[:1]))
		return nil
	})
	app.On("Book", freddo.OnSubmit, func(_ context.Context, c *freddo.Call, d *document.Document) error {
		c.AfterCommit(func(context.Context) { fmt.Println("on the shelf:", d.Name(), "at", d.Text("shelf")) })
		return nil
	})

	for _, copies := range []int64{-1, 2} {
		err = app.Do(ctx, "Administrator", func(ctx context.Context, c *freddo.Call) error {
			d, err := c.New(ctx, "Book")
			if err != nil {
				return err
			}
			d.Set("title", document.Text("Emma"))
			d.Set("copies", document.IntOf(copies))
			return c.Submit(ctx, d)
		})
		fmt.Println(copies, "copies:", err)
	}
	// Output:
	// -1 copies: frappe.exceptions.ValidationError: A book cannot have fewer than no copies
	// on the shelf: Emma at E
	// 2 copies: <nil>
}
