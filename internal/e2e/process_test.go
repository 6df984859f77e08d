package e2e

import (
	"fmt"
	"net/http"
	"strings"
	"testing"

	"freddo/document"
	"freddo/internal/demo"
)

// TestBusinessProcess takes an order from the customer to the payment, cancels both and
// amends the order, as a clerk does over HTTP. Each refusal leaves things as they were.
func TestBusinessProcess(t *testing.T) {
	t.Parallel()
	// v14 and v15 take links to nothing where a field is fetched through them.
	eachDatabaseWith(t, "v16", map[string]any{"demo": true}, func(s *site) {
		if err := s.app.DocTypes(demo.DocTypes()); err != nil {
			s.Fatal(err)
		}
		p := &process{site: s.user("clerk", "Demo User"), reader: s.user("reader", "Demo Reader")}
		p.masters()
		p.order()
		p.submit()
		p.pay()
		p.cancel()
		p.amend()
		p.trail(s)
	})
}

// process is a sale as far as it has come. The site's user is a clerk.
type process struct {
	*site
	reader                           *site
	customer, so, payment, amendment string
}

func (p *process) create(doctype, body string) string {
	p.Helper()
	return p.must(http.MethodPost, resource(doctype), body).Get("data").Map().Str("name")
}

// refuse wants a request to fail with a class and a text.
func (p *process) refuse(method, target, body, class, text string) {
	p.Helper()
	code, answer := p.do(method, target, body)
	p.refused(code, answer, class, text)
}

func (p *process) want(doctype, name string, pairs ...string) {
	p.Helper()
	for i := 0; i < len(pairs); i += 2 {
		p.wantValue(doctype, name, pairs[i], pairs[i+1])
	}
}

func (p *process) masters() {
	p.customer = p.create("Customer", `{"customer_name":"Café Änne","email_id":"aenne@example.com","credit_limit":"1000"}`)
	p.want("Customer", p.customer, "customer_group", "Standard", "credit_limit", "1000.0")
	p.refuse(http.MethodPost, resource("Customer"), `{"customer_name":"x","email_id":"nonsense"}`, "InvalidEmailAddressError", "nonsense")
	for code, rate := range map[string]string{"BEAN": "10", "MUG": "4.5"} {
		if got := p.create("Item", fmt.Sprintf(`{"item_code":%q,"item_name":%q,"standard_rate":%s}`, code, strings.ToLower(code), rate)); got != code {
			p.Errorf("the item is named %q", got)
		}
	}
	p.refuse(http.MethodPost, resource("Item"), `{"item_code":"MUG","item_name":"m"}`, "DuplicateEntryError", "MUG")
	code, _ := p.reader.do(http.MethodPost, resource("Item"), `{"item_code":"TEA"}`)
	if code != http.StatusForbidden {
		p.Errorf("a reader's item: %d", code)
	}
}

func (p *process) order() {
	order := func(customer, lines string) string {
		return fmt.Sprintf(`{"naming_series":"SO-WEB-.#####","customer":%q,"transaction_date":"2026-03-01","discount_percentage":10,"items":[%s]}`, customer, lines)
	}
	p.refuse(http.MethodPost, resource("Sales Order"), order(p.customer, ""), "MandatoryError", "items")
	p.refuse(http.MethodPost, resource("Sales Order"), order("Nobody", `{"item_code":"MUG","qty":1}`), "LinkValidationError", "Could not find Customer: Nobody")
	p.refuse(http.MethodPost, resource("Sales Order"), order(p.customer, `{"item_code":"MUG","qty":1},{"item_code":"TEA","qty":1}`), "LinkValidationError", "Could not find Row #2: Item: TEA")
	p.so = p.create("Sales Order", order(p.customer, `{"item_code":"BEAN","qty":2},{"item_code":"MUG","qty":3}`))
	if !strings.HasPrefix(p.so, "SO-WEB-0000") {
		p.Errorf("the order is named %q", p.so)
	}
	p.want("Sales Order", p.so, "status", "Draft", "docstatus", "0", "total_qty", "5.0", "total", "33.5", "grand_total", "30.15")
	lines := p.must(http.MethodGet, resource("Sales Order", p.so), "").Get("data").Map().Get("items").List()
	first := lines[0].Map().Str("name")
	p.must(http.MethodPut, resource("Sales Order", p.so), fmt.Sprintf(`{"items":[{"name":%q,"item_code":"BEAN","qty":4,"rate":10},{"item_code":"MUG","qty":2}]}`, first))
	p.want("Sales Order", p.so, "total", "49.0", "grand_total", "44.1")
	lines = p.must(http.MethodGet, resource("Sales Order", p.so), "").Get("data").Map().Get("items").List()
	if len(lines) != 2 || lines[0].Map().Str("name") != first || document.Flt(lines[1].Map().Get("amount")) != 9 {
		p.Errorf("lines: %v", lines)
	}
}

func (p *process) submit() {
	code, _ := p.reader.do(http.MethodPut, resource("Sales Order", p.so), `{"docstatus":1}`)
	if code != http.StatusForbidden {
		p.Errorf("a reader submits: %d", code)
	}
	p.must(http.MethodPut, resource("Sales Order", p.so), `{"docstatus":1}`)
	p.want("Sales Order", p.so, "docstatus", "1", "status", "To Deliver")
	p.refuse(http.MethodPut, resource("Sales Order", p.so), `{"discount_percentage":50}`, "UpdateAfterSubmitError", "")
	p.refuse(http.MethodPut, resource("Sales Order", p.so), `{"docstatus":0}`, "DocstatusTransitionError", "Cannot change docstatus from 1 (Submitted) to 0 (Draft)")
	p.refuse(http.MethodDelete, resource("Sales Order", p.so), "", "", "Submitted Record cannot be deleted")
	p.want("Sales Order", p.so, "docstatus", "1", "grand_total", "44.1")
}

func (p *process) pay() {
	pay := func(amount string) string {
		return fmt.Sprintf(`{"doctype":"Payment Entry","party":%q,"posting_date":"2026-03-02","paid_amount":%s,"sales_order":%q}`, p.customer, amount, p.so)
	}
	p.refuse(http.MethodPost, resource("Payment Entry"), pay("-1"), "", "Paid Amount")
	p.payment = p.create("Payment Entry", pay("44.1"))
	doc := p.must(http.MethodGet, resource("Payment Entry", p.payment), "").Get("data")
	p.must(http.MethodPost, "/api/method/frappe.client.submit", `{"doc":`+document.Python.Marshal(doc)+`}`)
	p.want("Payment Entry", p.payment, "docstatus", "1", "party_type", "Customer", "paid_amount", "44.1")
	if got := names(p.list("Payment Entry", "filters", `{"sales_order":"`+p.so+`","docstatus":1}`)); got != p.payment {
		p.Errorf("payments of the order: %q", got)
	}
}

func (p *process) cancel() {
	cancel := "/api/method/frappe.client.cancel"
	of := func(doctype, name string) string { return fmt.Sprintf(`{"doctype":%q,"name":%q}`, doctype, name) }
	p.refuse(http.MethodPost, cancel, of("Sales Order", p.so), "LinkExistsError", "Cannot delete or cancel because Sales Order")
	p.want("Sales Order", p.so, "docstatus", "1", "status", "To Deliver")
	p.refuse(http.MethodDelete, resource("Customer", p.customer), "", "LinkExistsError", "")
	p.must(http.MethodPost, cancel, of("Payment Entry", p.payment))
	p.must(http.MethodPost, cancel, of("Sales Order", p.so))
	p.want("Sales Order", p.so, "docstatus", "2", "status", "Cancelled")
	p.refuse(http.MethodPut, resource("Sales Order", p.so), `{"docstatus":1}`, "ValidationError", "Cannot edit cancelled document")
}

func (p *process) amend() {
	body := fmt.Sprintf(`{"naming_series":"SO-WEB-.#####","customer":%q,"transaction_date":"2026-03-03","items":[{"item_code":"MUG","qty":6}],"amended_from":%q}`, p.customer, p.so)
	p.amendment = p.create("Sales Order", body)
	if p.amendment != p.so+"-1" {
		p.Errorf("the amendment is named %q", p.amendment)
	}
	p.must(http.MethodPut, resource("Sales Order", p.amendment), `{"docstatus":1}`)
	p.want("Sales Order", p.amendment, "grand_total", "27.0", "status", "To Deliver", "amended_from", p.so)
	p.refuse(http.MethodDelete, resource("Sales Order", p.so), "", "LinkExistsError", p.so)
	next := p.create("Sales Order", `{"naming_series":"SO-WEB-.#####","customer":"`+p.customer+`","transaction_date":"2026-03-03","items":[{"item_code":"MUG","qty":1}]}`)
	if next == p.so || strings.HasSuffix(next, "-1") && !strings.HasSuffix(next, "00001") {
		p.Errorf("the next order is named %q", next)
	}
	p.must(http.MethodDelete, resource("Sales Order", next), "")
}

// trail wants what the process leaves behind: child rows of two orders, and nothing of
// what was refused.
func (p *process) trail(s *site) {
	if got := names(s.list("Sales Order", "order_by", "name asc")); got != p.so+" "+p.amendment {
		p.Errorf("orders: %q", got)
	}
	if got := names(s.list("Payment Entry")); got != p.payment {
		p.Errorf("payments: %q", got)
	}
	rows := s.list("Sales Order Item", "parent", "Sales Order", "fields", `["parent","item_code"]`, "limit_page_length", "0").Get("data").List()
	if len(rows) != 3 {
		p.Errorf("%d lines are stored, want 3", len(rows))
	}
	p.reader.must(http.MethodGet, resource("Sales Order", p.amendment), "")
}
