package file

import (
	"bytes"
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"hash/maphash"
	"net/url"
	"regexp"
	"strings"

	"freddo/doctype"
	"freddo/document"
	"freddo/exc"
	"freddo/internal/engine"
	"freddo/internal/files"
	"freddo/internal/perm"
)

// picture finds pictures whose bytes stand in the text.
// Source: file/utils.py extract_images_from_html.
var picture = regexp.MustCompile(`<img[^>]*src\s*=\s*["'](data:[^"']*)["']`)

// Bounds of the pictures that one document has made smaller. Those beyond are stored as
// they are.
const (
	maxScaled       = 32
	maxScaledPixels = 32 << 20
)

// prepared are pictures that are ready to be stored: each is on the disk, in the size that
// it is to have. They are found by their data: URL, one for each time that it occurs.
type prepared map[string][]readyPicture

// readyPicture is a picture on the disk; clean says that it has no metadata that the site
// does not want.
type readyPicture struct {
	temp  *files.Temp
	clean bool
}

// take returns a picture that is ready; the zero one when there is none.
func (p prepared) take(data string) readyPicture {
	list := p[data]
	if len(list) == 0 {
		return readyPicture{}
	}
	p[data] = list[1:]
	return list[0]
}

// Discard gives back those that nobody took.
func (p prepared) Discard() {
	for _, list := range p {
		for _, r := range list {
			r.temp.Discard()
		}
	}
}

// pictures are what a document's pictures are prepared by.
type pictures struct {
	c      *engine.Call
	fit    files.Fit
	scales bool
	strips bool
	// scaled and pixels count those that were made smaller.
	scaled int
	pixels int64
}

// extractImages makes files of the pictures inside a document's texts. They are decoded,
// made smaller and written to the disk before the call holds the right to write.
// Source: frappe/model/base_document.py _extract_images_from_text_editor.
func extractImages(ctx context.Context, c *engine.Call, d *document.Document) error {
	var found []string
	note := func(in *document.Document) {
		for _, f := range in.Type.EditorFields {
			if v := in.At(f.Slot); v.Kind() == document.String && strings.Contains(v.Str(), "data:") {
				for _, m := range picture.FindAllStringSubmatch(v.Str(), -1) {
					found = append(found, m[1])
				}
			}
		}
	}
	note(d)
	_ = d.EachRow(func(_ *doctype.DocField, row *document.Document) error { note(row); return nil })
	if len(found) == 0 {
		return nil
	}
	ready, err := prepareAll(ctx, c, found)
	if err != nil {
		return err
	}
	if err := extractFrom(ctx, c, d, d, ready); err != nil {
		return err
	}
	return d.EachRow(func(_ *doctype.DocField, row *document.Document) error { return extractFrom(ctx, c, d, row, ready) })
}

// prepareAll prepares the pictures of a document; it returns none when the call can do
// that no more.
func prepareAll(ctx context.Context, c *engine.Call, found []string) (prepared, error) {
	strip, err := setting(ctx, c, stripSetting)
	if err != nil {
		return nil, err
	}
	key := maphash.Hash{}
	key.SetSeed(pictureSeed)
	for _, data := range found {
		_, _ = key.WriteString(data + "\n")
	}
	v, err := c.Prepare(ctx, fmt.Sprintf("pictures %d %x", len(found), key.Sum64()), func(ctx context.Context) (any, error) {
		p, ready := &pictures{c: c, fit: fit(c, 0, 0), scales: c.User != perm.Guest, strips: strip != 0}, prepared{}
		for _, data := range found {
			kind, raw, err := decodePicture(data)
			if err != nil || len(raw) == 0 {
				continue // said when it is stored
			}
			if err = ctx.Err(); err == nil {
				var r readyPicture
				if r, err = p.prepare(kind, raw); err == nil {
					ready[data] = append(ready[data], r)
					continue
				}
			}
			ready.Discard()
			return nil, err
		}
		return ready, nil
	})
	if errors.Is(err, engine.ErrHolding) {
		return nil, nil
	}
	ready, _ := v.(prepared)
	return ready, err
}

// pictureSeed makes keys of pictures that nobody can foresee.
var pictureSeed = maphash.MakeSeed()

// prepare makes one picture smaller while the bounds allow it, cleans it and writes it to
// the disk.
func (p *pictures) prepare(kind string, raw []byte) (readyPicture, error) {
	if n := files.Pixels(raw); p.scales && p.pixels+n <= maxScaledPixels && p.scaled < maxScaled {
		p.pixels, p.scaled = p.pixels+n, p.scaled+1
		if small, err := files.OptimizeImage(raw, kind, p.fit); err == nil {
			raw = small
		}
	}
	clean := !p.strips
	if p.strips {
		var out bytes.Buffer
		if err := files.StripJPEG(&out, bytes.NewReader(raw)); err == nil {
			raw, clean = out.Bytes(), true
		}
	}
	t := p.c.Files.Of(raw)
	if err := t.Ready(); err != nil {
		t.Discard()
		return readyPicture{}, err
	}
	return readyPicture{temp: t, clean: clean}, nil
}

func extractFrom(ctx context.Context, c *engine.Call, d, in *document.Document, ready prepared) error {
	for _, f := range in.Type.EditorFields {
		v := in.At(f.Slot)
		if v.Kind() != document.String || !strings.Contains(v.Str(), "data:") {
			continue
		}
		out, err := extracted(ctx, c, d, v.Str(), ready)
		if err != nil {
			return err
		}
		in.SetAt(f.Slot, document.Text(out))
	}
	return nil
}

func extracted(ctx context.Context, c *engine.Call, d *document.Document, html string, ready prepared) (string, error) {
	var failed error
	out := picture.ReplaceAllStringFunc(html, func(tag string) string {
		if failed != nil {
			return tag
		}
		u, err := storePicture(ctx, c, d, picture.FindStringSubmatch(tag)[1], ready)
		switch {
		case exc.Is(err, exc.Base64):
			return `<img src="#broken-image" alt="Image: Corrupted Data Stream"`
		case err != nil:
			failed = err
			return tag
		case u == "":
			return tag
		}
		return `<img src="` + u + `"`
	})
	return out, failed
}

// decodePicture returns the type and the bytes of a data: URL; none when it has none.
func decodePicture(data string) (kind string, raw []byte, err error) {
	headers, body, _ := strings.Cut(strings.TrimPrefix(data, "data:"), ",")
	kind, _, _ = strings.Cut(headers, ";")
	if body == "" {
		return kind, nil, nil
	}
	if raw, err = decodeBase64(body); err == nil && len(raw) == 0 {
		err = exc.Base64.New("nothing to decode")
	}
	return kind, raw, err
}

// storePicture stores one data: URL as a File of d and returns its URL; "" when it is
// empty.
func storePicture(ctx context.Context, c *engine.Call, d *document.Document, data string, ready prepared) (string, error) {
	headers, _, _ := strings.Cut(strings.TrimPrefix(data, "data:"), ",")
	kind, _, _ := strings.Cut(headers, ";")
	r := ready.take(data)
	if r.temp == nil {
		_, raw, err := decodePicture(data)
		if err != nil || len(raw) == 0 {
			return "", err
		}
		r.temp = c.Files.Of(raw)
	}
	name := strings.ToLower(rand.Text()[:7]) + files.ExtensionOf(kind)
	if _, given, ok := strings.Cut(headers, "filename="); ok {
		name, _, _ = strings.Cut(given, ";")
	}
	public, err := c.Value(ctx, "DocType", d.Type.Name, "make_attachments_public")
	if err != nil {
		return "", err
	}
	f, err := c.FromObject(ctx, document.NewObject("doctype", "File", "file_name", name, "attached_to_doctype", d.Type.Name, "attached_to_name", d.Name(),
		"is_private", flag(document.Cint(public) == 0)))
	if err != nil {
		return "", err
	}
	f.Flags.IgnorePermissions = true
	in := &content{doc: f, temp: r.temp, ready: r.clean}
	if err := in.insert(ctx, c); err != nil {
		return "", err
	}
	u := quoteURL(f.Text("file_url"))
	if f.Int("is_private") != 0 {
		u += "?fid=" + url.QueryEscape(f.Name())
	}
	return u, nil
}
