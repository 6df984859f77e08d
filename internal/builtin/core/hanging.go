package core

import (
	"context"

	"freddo/doctype"
	"freddo/document"
	"freddo/exc"
	"freddo/internal/engine"
	"freddo/internal/perm"
)

// hanging are the DocTypes whose documents show on the document that they name, in its
// assignments, timeline, tags or followers, by the fields that name it and those that
// say what shows.
var hanging = map[string][]string{
	"ToDo":            {"reference_type", "reference_name", "allocated_to"},
	"Comment":         {"reference_doctype", "reference_name"},
	"Communication":   {"reference_doctype", "reference_name"},
	"Tag Link":        {"document_type", "document_name"},
	"Document Follow": {"ref_doctype", "ref_docname", "user"},
}

// registerHanging has clients hang these only on documents that they may read. Upstream
// asks that of its methods (assign_to.add, add_comment…) but not of the documents
// themselves. Files are judged where Files are.
func registerHanging(h *engine.Hooks) {
	for dt, fields := range hanging {
		h.On(dt, engine.Validate, func(ctx context.Context, c *engine.Call, d *document.Document) error {
			return mayHang(ctx, c, d, fields)
		})
	}
}

func mayHang(ctx context.Context, c *engine.Call, d *document.Document, fields []string) error {
	dtName, name := d.Text(fields[0]), d.Text(fields[1])
	if d.Flags.IgnorePermissions || c.User == perm.Administrator || dtName == "" || name == "" || !changedAny(d, fields) {
		return nil
	}
	ref, err := c.Get(ctx, dtName, name)
	if exc.Is(err, exc.DoesNotExist) || exc.Is(err, exc.ImportErr) {
		return nil // that is for the check of links to refuse
	}
	if err != nil {
		return err
	}
	return c.CheckPermission(ctx, ref, doctype.Read)
}

func changedAny(d *document.Document, fields []string) bool {
	if d.Before == nil {
		return true
	}
	for _, f := range fields {
		if d.Text(f) != d.Before.Text(f) {
			return true
		}
	}
	return false
}
