// Package demo owns the demo app: five DocTypes of a small coffee wholesaler, the
// controllers that keep their totals, and believable seed data, the same at every
// run. It uses the engine as any app would. Start with Register and Seed.
package demo

import (
	"context"
	"embed"
	"io/fs"

	"freddo/document"
	"freddo/exc"
	"freddo/internal/engine"
)

//go:embed doctypes
var files embed.FS

// DocTypes are the demo's DocTypes as files.
func DocTypes() fs.FS {
	sub, err := fs.Sub(files, "doctypes")
	if err != nil {
		return files
	}
	return sub
}

// Register hooks the demo's controllers.
func Register(h *engine.Hooks) {
	h.On("Sales Order", engine.Validate, totals)
	h.On("Sales Order", engine.OnSubmit, setStatus("To Deliver"))
	h.On("Sales Order", engine.OnCancel, setStatus("Cancelled"))
	h.On("Payment Entry", engine.Validate, checkAmount)
}

// totals computes the amounts of an order from its rows.
func totals(ctx context.Context, c *engine.Call, d *document.Document) error {
	var qty, total float64
	for _, row := range d.Rows("items") {
		if row.Get("rate").IsNull() || document.Flt(row.Get("rate")) == 0 {
			rate, err := c.Value(ctx, "Item", row.Text("item_code"), "standard_rate")
			if err != nil {
				return err
			}
			row.Set("rate", document.FloatOf(document.Flt(rate)))
		}
		amount := document.Flt(row.Get("qty")) * document.Flt(row.Get("rate"))
		row.Set("amount", document.FloatOf(round2(amount)))
		qty += document.Flt(row.Get("qty"))
		total += amount
	}
	d.Set("total_qty", document.FloatOf(qty))
	d.Set("total", document.FloatOf(round2(total)))
	d.Set("grand_total", document.FloatOf(round2(total*(1-document.Flt(d.Get("discount_percentage"))/100))))
	return nil
}

func round2(x float64) float64 {
	if x < 0 {
		return -round2(-x)
	}
	return float64(int64(x*100+0.5)) / 100
}

func setStatus(status string) engine.Hook {
	return func(ctx context.Context, c *engine.Call, d *document.Document) error {
		d.Set("status", document.Text(status))
		return c.SetValue(ctx, d.Type.Name, d.Name(), "status", document.Text(status))
	}
}

func checkAmount(_ context.Context, _ *engine.Call, d *document.Document) error {
	if document.Flt(d.Get("paid_amount")) <= 0 {
		return exc.Validation.Throw("Paid Amount must be greater than zero")
	}
	return nil
}
