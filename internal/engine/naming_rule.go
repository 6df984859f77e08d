package engine

import (
	"context"
	"strings"

	"freddo/doctype"
	"freddo/document"
	"freddo/exc"
	"freddo/internal/storage"
)

// namingRule is one Document Naming Rule, as naming needs it.
type namingRule struct {
	name, prefix string
	digits       int
	conditions   []ruleCondition
}

type ruleCondition struct {
	field, operator string
	value           document.Value
}

type namingRulesKey struct{}

// unruled DocTypes are never named by rules. Source: naming.py
// set_naming_from_document_naming_rule.
var unruled = map[string]bool{"DocType": true, "DocField": true, "DocPerm": true, "DocType Action": true, "DocType Link": true, "DocType State": true,
	"Version": true, "Error Log": true, "Scheduled Job Log": true, "Event Update Log": true, "Event Sync Log": true, "Access Log": true,
	"View Log": true, "Activity Log": true, "Energy Point Log": true, "Notification Log": true, "Email Queue": true, "DocShare": true,
	"Document Follow": true, "Console Log": true, "DefaultValue": true, "Patch Log": true}

// nameByDocumentRule applies the first Document Naming Rule that fits.
// Source: frappe/core/doctype/document_naming_rule/document_naming_rule.py apply.
func (c *Call) nameByDocumentRule(ctx context.Context, d *document.Document) error {
	if unruled[d.Type.Name] {
		return nil
	}
	rules, err := c.Derive(ctx, d.Type.Name, namingRulesKey{}, func() (any, error) { return c.namingRules(ctx, d.Type.Name) })
	if err != nil {
		return err
	}
	for _, rule := range rules.([]*namingRule) {
		if !rule.holds(d) {
			continue
		}
		n, err := c.nextOfRule(ctx, rule.name)
		if err != nil {
			return err
		}
		prefix := ""
		for _, part := range strings.Split(rule.prefix, ".") {
			if part != "" {
				prefix += c.seriesPart(part, d)
			}
		}
		d.SetName(prefix + zeroPad(n, rule.digits))
		return nil
	}
	return nil
}

// nextOfRule counts within the rule's own row, which the update locks.
func (c *Call) nextOfRule(ctx context.Context, name string) (int64, error) {
	b := storage.NewBuilder(c.Tx.Dialect()).SQL("UPDATE ").Table("Document Naming Rule").SQL(" SET ").Ident("counter").SQL(" = COALESCE(").
		Ident("counter").SQL(", 0) + 1 WHERE ").Ident("name").SQL(" = ").Str(name)
	if _, err := c.Tx.Exec(ctx, b); err != nil {
		return 0, err
	}
	v, err := c.Value(ctx, "Document Naming Rule", name, "counter")
	return document.Cint(v), err
}

// holds reports whether all conditions are true of d; both sides are cast by the
// field's type. Source: frappe/utils/data.py evaluate_filters, compare.
func (r *namingRule) holds(d *document.Document) bool {
	for _, cond := range r.conditions {
		have := d.Get(cond.field)
		less, equal := document.ToText(have) < document.ToText(cond.value), document.ToText(have) == document.ToText(cond.value)
		numeric := have.IsNumber()
		if col := d.Type.Column(cond.field); col != nil {
			switch col.Type.Class {
			case doctype.IntClass, doctype.CheckClass, doctype.FloatClass:
				numeric = true
			}
		}
		if numeric {
			less, equal = document.Flt(have) < document.Flt(cond.value), document.Flt(have) == document.Flt(cond.value)
		}
		ok := map[string]bool{"=": equal, "!=": !equal, ">": !less && !equal, "<": less, ">=": !less, "<=": less || equal}[cond.operator]
		if !ok {
			return false
		}
	}
	return true
}

// namingRules are the enabled rules of a DocType, by priority.
func (c *Call) namingRules(ctx context.Context, dtName string) ([]*namingRule, error) {
	rows, err := c.Rows(ctx, "Document Naming Rule", []string{"name"}, document.NewObject("document_type", dtName, "disabled", 0), "priority desc")
	if err != nil {
		return nil, err
	}
	out := make([]*namingRule, 0, len(rows))
	for _, row := range rows {
		d, err := c.Get(ctx, "Document Naming Rule", row.PropText("name"))
		if err != nil {
			return nil, err
		}
		r := &namingRule{name: d.Name(), prefix: d.Text("prefix"), digits: int(d.Int("prefix_digits"))}
		for _, cond := range d.Rows("conditions") {
			r.conditions = append(r.conditions, ruleCondition{field: cond.Text("field"), operator: cond.Text("condition"), value: cond.Get("value")})
		}
		out = append(out, r)
	}
	return out, nil
}

// RegisterNamingRule hooks the controller of Document Naming Rule.
func RegisterNamingRule(h *Hooks) {
	h.On("Document Naming Rule", Validate, checkNamingRule)
	clearRules := func(_ context.Context, c *Call, d *document.Document) error {
		c.ClearMeta(d.Text("document_type"))
		if d.Before != nil {
			c.ClearMeta(d.Before.Text("document_type"))
		}
		return nil
	}
	h.On("Document Naming Rule", OnUpdate, clearRules)
	h.On("Document Naming Rule", AfterDelete, clearRules)
}

// checkNamingRule refuses conditions on fields that the DocType does not have.
// Source: document_naming_rule.py validate_fields_in_conditions.
func checkNamingRule(ctx context.Context, c *Call, d *document.Document) error {
	if d.Before != nil && d.Before.Text("document_type") == d.Text("document_type") {
		return nil
	}
	dt, err := c.DocType(ctx, d.Text("document_type"))
	if err != nil {
		return err
	}
	for _, cond := range d.Rows("conditions") {
		if dt.Field(cond.Text("field")) == nil {
			return exc.Validation.Throwf("%s is not a field of doctype %s", Bold(cond.Text("field")), Bold(dt.Name))
		}
	}
	return nil
}
