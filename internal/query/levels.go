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
	if p.req.IgnorePermissions {
		return nil
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
	above, err := p.aboveLevel(ctx, f)
	if err == nil && above {
		return fieldDenied(p.typeOf(f).Name, f.Column.Name)
	}
	return err
}

func (p *parser) aboveLevel(ctx context.Context, f Field) (bool, error) {
	if f.Column == nil || f.Column.Field == nil || f.Column.Field.Permlevel == 0 {
		return false, nil
	}
	dt := p.typeOf(f)
	_, parent, err := p.permissionsOf(ctx, dt)
	if err != nil {
		return false, err
	}
	levels, all, err := p.env.ReadableLevels(ctx, dt, parent)
	return err == nil && !all && !levels[f.Column.Field.Permlevel], err
}

// withinLevels reports whether an expression uses no field above the user's level. It
// asks where removesFields does not (v14): upstream shows every level there.
func (p *parser) withinLevels(ctx context.Context, e *Expr) (bool, error) {
	if p.req.UpstreamLevels || p.req.IgnorePermissions {
		return true, nil
	}
	if above, err := p.aboveLevel(ctx, e.Field); err != nil || above {
		return false, err
	}
	for _, a := range e.Args {
		if ok, err := p.withinLevels(ctx, a); err != nil || !ok {
			return false, err
		}
	}
	return true, nil
}
