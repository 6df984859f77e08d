package core

import (
	"context"
	"strings"

	"freddo/doctype"
	"freddo/document"
	"freddo/exc"
	"freddo/internal/engine"
	"freddo/internal/perm"
	"freddo/internal/storage"
)

// registerNamingSettings adds the methods of the Single Document Naming Settings that
// show and move series.
// Source: frappe/core/doctype/document_naming_settings/document_naming_settings.py.
func registerNamingSettings(h *engine.Hooks) {
	const dt = "Document Naming Settings"
	h.Method(dt, "get_options", func(ctx context.Context, c *engine.Call, d *document.Document, args *document.Object) (any, error) {
		name := args.Str("doctype")
		if name == "" {
			name = d.Text("transaction_type")
		}
		if name == "" {
			return nil, nil
		}
		target, err := c.DocType(ctx, name)
		if err != nil || target.Field("naming_series") == nil {
			return nil, err
		}
		return target.Field("naming_series").Options, nil
	})
	h.Method(dt, "get_current", seriesCurrent)
	h.Method(dt, "update_series_start", moveSeries)
	h.Method(dt, "preview_series", previewSeries)
}

func seriesCurrent(ctx context.Context, c *engine.Call, d *document.Document, _ *document.Object) (any, error) {
	if !d.Get("prefix").IsNull() {
		prefix, err := c.SeriesPrefix(d.Text("prefix"))
		if err != nil {
			return nil, err
		}
		n, _, err := c.Tx.SeriesCurrent(ctx, prefix)
		if err != nil {
			return nil, err
		}
		d.Set("current_value", document.IntOf(n))
	}
	return d.Get("current_value"), nil
}

// moveSeries sets the counter of a series, and leaves a Version of the change.
func moveSeries(ctx context.Context, c *engine.Call, d *document.Document, _ *document.Object) (any, error) {
	if err := c.OnlyFor(ctx, "System Manager"); err != nil {
		return nil, err
	}
	if d.Get("prefix").IsNull() {
		return nil, exc.Validation.Throw("Please select prefix first")
	}
	prefix, err := c.SeriesPrefix(d.Text("prefix"))
	if err != nil {
		return nil, err
	}
	before, _, err := c.Tx.SeriesCurrent(ctx, prefix)
	if err != nil {
		return nil, err
	}
	now := d.Int("current_value")
	if err := c.Tx.SetSeries(ctx, prefix, now); err != nil {
		return nil, err
	}
	name := prefix
	if name == "" {
		name = ".#"
	}
	change := document.NewObject("changed", []document.Value{document.ListOf(document.Text("current"), document.IntOf(before), d.Get("current_value"))})
	v, err := c.FromObject(ctx, document.NewObject("doctype", "Version", "ref_doctype", "Series", "docname", name,
		"data", document.IndentSorted(document.MapOf(change), 1)))
	if err != nil {
		return nil, err
	}
	v.Flags.IgnoreLinks, v.Flags.IgnorePermissions = true, true
	if err := c.Insert(ctx, v); err != nil {
		return nil, err
	}
	c.Msgprint(exc.Message{Text: "Series counter for " + d.Text("prefix") + " updated to " + d.Text("current_value") + " successfully", Alert: true, Indicator: "green"})
	return nil, nil
}

// previewSeries shows the names that a series would make, with the fields of the last
// document of the DocType.
func previewSeries(ctx context.Context, c *engine.Call, d *document.Document, _ *document.Object) (any, error) {
	series := d.Text("try_naming_series")
	if series == "" {
		return "", nil
	}
	last, err := lastDocument(ctx, c, d.Text("transaction_type"))
	if err != nil {
		return nil, err
	}
	return strings.Join(c.SeriesPreview(series, last), "\n"), nil
}

// lastDocument is the document that was made last, nil when there is none that the
// caller may see.
func lastDocument(ctx context.Context, c *engine.Call, dtName string) (*document.Document, error) {
	if dtName == "" {
		return nil, nil
	}
	dt, err := c.DocType(ctx, dtName)
	if exc.Is(err, exc.DoesNotExist) || err == nil && (dt.IsSingle || dt.IsVirtual) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	b := storage.NewBuilder(c.Tx.Dialect()).SQL("SELECT ").Ident("name").SQL(" FROM ").Table(dt.Name).SQL(" WHERE ").Ident("creation").
		SQL(" = (SELECT MAX(").Ident("creation").SQL(") FROM ").Table(dt.Name).SQL(")")
	var name document.Value
	if found, err := c.Tx.QueryRow(ctx, b, &name); err != nil || !found {
		return nil, err
	}
	d, err := c.Get(ctx, dtName, document.ToText(name))
	if err != nil {
		return nil, err
	}
	if c.User != perm.Administrator && c.CheckPermission(ctx, d, doctype.Read) != nil {
		return nil, nil
	}
	return d, nil
}
