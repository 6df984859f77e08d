package main

import (
	"context"
	"math"

	"freddo"
	"freddo/doctype"
	"freddo/document"
	"freddo/exc"
)

// register adds the shop's methods and hooks.
func register(app *freddo.App) {
	freddo.Method(app, "shop.api.get_balance", freddo.MethodOptions{Verbs: []string{"GET"}}, getBalance)
	freddo.Method(app, "shop.api.create_payment", freddo.MethodOptions{Verbs: []string{"POST"}}, createPayment)
	freddo.Method(app, "shop.api.public_status", freddo.MethodOptions{Guest: true, Verbs: []string{"GET"}}, publicStatus)
	freddo.DocMethod(app, "Shop Payment", "get_receipt", getReceipt)
	app.On("Shop Payment", freddo.Validate, checkAmount)
	app.On("Shop Payment", freddo.BeforeSubmit, stampPayment)
}

type balanceArgs struct {
	Customer string `json:"customer"`
}

type balance struct {
	Customer string  `json:"customer"`
	Paid     float64 `json:"paid"`
	Payments int     `json:"payments"`
	// Left is what remains of the credit limit; null without one.
	Left *float64 `json:"left"`
}

// getBalance sums up a customer's submitted payments.
func getBalance(ctx context.Context, c *freddo.Call, in balanceArgs) (balance, error) {
	customer, err := c.Get(ctx, "Shop Customer", in.Customer, false)
	if err != nil {
		return balance{}, err
	}
	if err := c.Check(ctx, customer, doctype.Read); err != nil {
		return balance{}, err
	}
	rows, err := c.List(ctx, "Shop Payment", freddo.ListOptions{Fields: []string{"amount"}, Limit: -1,
		Filters: map[string]any{"customer": customer.Name(), "docstatus": 1}})
	if err != nil {
		return balance{}, err
	}
	out := balance{Customer: customer.Name(), Payments: len(rows)}
	for _, row := range rows {
		out.Paid += document.Flt(row.Get("amount"))
	}
	if limit := document.Flt(customer.Get("credit_limit")); limit > 0 {
		left := limit - out.Paid
		out.Left = &left
	}
	return out, nil
}

type paymentArgs struct {
	Customer  string  `json:"customer"`
	Amount    float64 `json:"amount"`
	Reference string  `json:"reference,omitempty"`
	// Submit says whether the payment counts at once.
	Submit bool `json:"submit" default:"true"`
}

// createPayment books a payment. Rights are those of the DocType: Insert and Submit
// check them.
func createPayment(ctx context.Context, c *freddo.Call, in paymentArgs) (*document.Document, error) {
	d, err := c.New(ctx, "Shop Payment")
	if err != nil {
		return nil, err
	}
	d.Set("customer", document.Text(in.Customer))
	d.Set("amount", document.FloatOf(in.Amount))
	d.Set("reference", document.Text(in.Reference))
	if err := c.Insert(ctx, d); err != nil {
		return nil, err
	}
	if in.Submit {
		if err := c.Submit(ctx, d); err != nil {
			return nil, err
		}
	}
	return d, nil
}

type status struct {
	Open    bool   `json:"open"`
	Release string `json:"release"`
}

// publicStatus answers everybody.
func publicStatus(_ context.Context, c *freddo.Call, _ struct{}) (status, error) {
	return status{Open: true, Release: c.Compat()}, nil
}

type receiptArgs struct {
	Copies int `json:"copies" default:"1"`
}

type receipt struct {
	Title  string  `json:"title"`
	Amount float64 `json:"amount"`
	Copies int     `json:"copies"`
}

// getReceipt is a method of payments: the caller's right to read d is checked already.
func getReceipt(_ context.Context, _ *freddo.Call, d *document.Document, in receiptArgs) (receipt, error) {
	if d.Docstatus() != 1 {
		return receipt{}, exc.Validation.Throw("Only submitted payments have receipts")
	}
	return receipt{Title: "Receipt " + d.Name(), Amount: document.Flt(d.Get("amount")), Copies: in.Copies}, nil
}

func checkAmount(_ context.Context, _ *freddo.Call, d *document.Document) error {
	if amount := document.Flt(d.Get("amount")); amount <= 0 || math.IsInf(amount, 0) {
		return exc.Validation.Throw("Amount must be positive")
	}
	return nil
}

func stampPayment(_ context.Context, c *freddo.Call, d *document.Document) error {
	d.Set("paid_at", document.Text(c.Now().Format("2006-01-02 15:04:05")))
	return nil
}
