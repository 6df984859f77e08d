package httpapi

import (
	"context"
	"net/http"
	"strings"

	"freddo/doctype"
	"freddo/document"
	"freddo/exc"
)

// preconditionFailed is what a write with a stale If-Match is answered with.
var preconditionFailed = &exc.Class{Name: "PreconditionFailedError", Status: http.StatusPreconditionFailed, Base: exc.TimestampMismatch}

// tagOf is a document's entity tag: its modified, with a T where blanks are not allowed.
// It is "" for one that was never stored.
func tagOf(d *document.Document) string {
	m := d.Text("modified")
	if m == "" {
		return ""
	}
	return `"` + strings.Replace(document.ShowDatetime(m), " ", "T", 1) + `"`
}

// showTag sends a document's tag to clients that ask for it: by a condition of their
// own, by Prefer: etag, or where the site's configuration says etag.
func (x *exchange) showTag(d *document.Document) {
	h := x.r.Header
	if h["If-Match"] == nil && h["If-None-Match"] == nil && !prefers(h, "etag") && !x.s.Engine.Site.Config().Bool("etag") {
		return
	}
	if tag := tagOf(d); tag != "" {
		x.c.Response.Header = append(x.c.Response.Header, [2]string{"Etag", tag})
	}
}

// unchanged shows a document's tag, and reports whether the client has this state
// already: the answer is 304 then.
func (x *exchange) unchanged(d *document.Document) bool {
	x.showTag(d)
	lines := x.r.Header["If-None-Match"]
	if lines == nil || !anyTag(lines, tagOf(d)) {
		return false
	}
	x.c.Response.Status = http.StatusNotModified
	return true
}

// anyTag reports whether a list of tags holds one, weak or not, or *.
func anyTag(lines []string, tag string) bool {
	for _, line := range lines {
		for t := range strings.SplitSeq(line, ",") {
			t = strings.TrimPrefix(strings.TrimSpace(t), "W/")
			if t == "*" || tag != "" && strings.Replace(t, " ", "T", 1) == tag {
				return true
			}
		}
	}
	return false
}

// checkMatch refuses a write whose If-Match does not hold the document's tag. d is
// locked.
func (x *exchange) checkMatch(ctx context.Context, d *document.Document) error {
	lines := x.r.Header["If-Match"]
	if lines == nil || anyTag(lines, tagOf(d)) {
		return nil
	}
	if err := x.c.CheckPermission(ctx, d, doctype.Read); err != nil {
		return err
	}
	e := preconditionFailed.Throwf("%s %s has been modified since", d.Type.Name, d.Name())
	e.Headers = [][2]string{{"Etag", tagOf(d)}}
	return e
}

// document returns a stored document; a write that has a condition locks it first.
func (x *exchange) document(ctx context.Context, dt, name string) (*document.Document, error) {
	if x.r.Header["If-Match"] == nil || !x.unsafe() {
		return x.c.Get(ctx, dt, name)
	}
	d, err := x.c.GetForUpdate(ctx, dt, name)
	if err != nil {
		return nil, err
	}
	return d, x.checkMatch(ctx, d)
}

// precondition checks the If-Match of a request that deletes the document of its path.
func (x *exchange) precondition(ctx context.Context) error {
	if x.r.Header["If-Match"] == nil {
		return nil
	}
	_, err := x.document(ctx, x.target.doctype, x.target.name)
	return err
}
