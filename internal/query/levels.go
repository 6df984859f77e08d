package query

import (
	"context"
)

// checkLevels refuses conditions, orders and groups by fields above the user's level,
// through which their values could be guessed. Upstream's older lists let them pass, as
// UpstreamLevels does. Source of the refusal: frappe/database/query.py, which v16's
// v2 list runs.
func (p *parser) checkLevels(ctx context.Context) error {
	if p.req.UpstreamLevels {
		return nil
	}
	if on, err := p.removesFields(ctx); err != nil || !on {
		return err
	}
	if err := p.checkNode(ctx, p.q.Where); err != nil {
		return err
	}
	for _, g := range p.q.GroupBy {
		if err := p.checkExpr(ctx, g); err != nil {
			return err
		}
	}
	if !p.req.OrderBy.Truthy() {
		return nil // the order is the DocType's own
	}
	for _, o := range p.q.OrderBy {
		if err := p.checkExpr(ctx, o.Expr); err != nil {
			return err
		}
	}
	return nil
}

func (p *parser) checkNode(ctx context.Context, n *Node) error {
	if n == nil {
		return nil
	}
	if err := p.checkLevel(ctx, n.Field); err != nil {
		return err
	}
	for _, k := range n.Kids {
		if err := p.checkNode(ctx, k); err != nil {
			return err
		}
	}
	return nil
}

func (p *parser) checkExpr(ctx context.Context, e *Expr) error {
	if err := p.checkLevel(ctx, e.Field); err != nil {
		return err
	}
	for _, a := range e.Args {
		if err := p.checkExpr(ctx, a); err != nil {
			return err
		}
	}
	return nil
}

// checkLevel refuses a column whose field lies above the user's level.
func (p *parser) checkLevel(ctx context.Context, f Field) error {
	if f.Column == nil || f.Column.Field == nil || f.Column.Field.Permlevel == 0 {
		return nil
	}
	dt := p.typeOf(f)
	_, parent, err := p.permissionsOf(ctx, dt)
	if err != nil {
		return err
	}
	levels, all, err := p.env.ReadableLevels(ctx, dt, parent)
	if err != nil || all || levels[f.Column.Field.Permlevel] {
		return err
	}
	return fieldDenied(dt.Name, f.Column.Name)
}
