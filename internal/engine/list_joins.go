package engine

import (
	"context"

	"freddo/exc"
	"freddo/internal/query"
)

// narrowLinks leaves out the rows of a list that lead to a document which the user may
// not see, where the list shows, tests or sorts by fields of such documents. Rows that
// lead to none stay. Source: frappe/database/query.py LinkTableField.apply_join.
func (c *Call) narrowLinks(ctx context.Context, q *query.Select) error {
	for i := range q.Joins {
		j := &q.Joins[i]
		if j.Kind != query.LinkJoin {
			continue
		}
		if ok, err := c.CanList(ctx, j.DocType); err != nil {
			return err
		} else if !ok {
			return exc.Permission.Throwf("Insufficient Permission for %s", Bold(j.DocType.Name))
		}
		cond, err := c.listCondition(ctx, j.DocType, listScope{})
		if err != nil {
			return err
		}
		if j.Match != nil && j.Match.Op != query.OpFalse {
			j.Match = nil // rows go, instead of fields becoming null
		}
		q.And(j.On(cond))
	}
	return nil
}
