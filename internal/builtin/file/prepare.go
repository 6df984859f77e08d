package file

import (
	"context"
	"encoding/base64"
	"errors"
	"io"
	"strings"

	"freddo/exc"
	"freddo/internal/builtin/quirk"
	"freddo/internal/engine"
	"freddo/internal/files"
)

// prepare cleans pictures of their metadata and waits until the disk has the bytes,
// best before the call holds the database's locks.
// Source: file.py save_file, frappe/utils/image.py strip_exif_data.
func (in *content) prepare(ctx context.Context, c *engine.Call) error {
	if in.ready {
		return nil
	}
	strip, name := int64(0), in.doc.Text("file_name")
	if isJPEG(name) {
		var err error
		if strip, err = setting(ctx, c, stripSetting); err != nil {
			return err
		}
	}
	return in.clean(c, name, strip != 0)
}

// stripSetting is the field of System Settings that has pictures cleaned.
const stripSetting = "strip_exif_metadata_from_uploaded_images"

func isJPEG(name string) bool { return files.TypeByName(name) == "image/jpeg" }

// clean is prepare once it is known whether metadata is to go. It asks the database
// nothing.
func (in *content) clean(c *engine.Call, name string, strip bool) error {
	if strip && isJPEG(name) {
		if err := in.strip(c); err != nil {
			return err
		}
	}
	if quirk.Of(c.Profile).ChecksPDF && files.FileType(name) == "PDF" {
		if err := in.checkPDF(); err != nil {
			return err
		}
	}
	in.ready = true
	return in.temp.Ready()
}

// checkPDF looks into a PDF; what is wrong with it counts once it is to be stored.
// Source: file.py check_content.
func (in *content) checkPDF() error {
	f, err := in.temp.Open()
	if err != nil {
		return err
	}
	defer f.Close()
	script, err := files.PDFHasScript(f)
	switch {
	case script:
		in.refusal = exc.Validation.Throw("This PDF cannot be uploaded as it contains unsafe content.")
	case errors.Is(err, files.ErrBrokenPDF):
		in.refusal = exc.Validation.Throw("This PDF cannot be uploaded as it is incomplete.")
	case err != nil:
		return err
	}
	return nil
}

func (in *content) strip(c *engine.Call) error {
	src, err := in.temp.Open()
	if err != nil {
		return err
	}
	defer func() { _ = src.Close() }()
	w := c.Files.NewWriter(src.Size() + 16)
	if err := files.StripJPEG(w, src); err != nil {
		w.Abort()
		if errors.Is(err, files.ErrNotImage) {
			return exc.UnidentifiedImage.New("cannot identify image file")
		}
		return err
	}
	t, err := w.Finish()
	if err != nil {
		return err
	}
	in.temp.Discard()
	in.temp = t
	return nil
}

// maxImage is how large a picture may be that is decoded.
const maxImage = 64 << 20

// optimized returns a picture made smaller; one that cannot be is returned as it is,
// with a message. Source: frappe/utils/image.py optimize_image.
func optimized(c *engine.Call, data []byte, contentType string, width, height float64) []byte {
	out, err := files.OptimizeImage(data, contentType, fit(c, width, height))
	if err != nil {
		c.Msgprint(imageMessage())
		return data
	}
	return out
}

func fit(c *engine.Call, width, height float64) files.Fit {
	f := files.Fit{Width: 1920, Height: 1080, Shrinks: quirk.Of(c.Profile).ShrinkImages}
	if f.Shrinks {
		f.Width, f.Height = 1024, 768
	}
	if width > 0 {
		f.Width = width
	}
	if height > 0 {
		f.Height = height
	}
	return f
}

func imageMessage() exc.Message {
	return exc.Message{Text: "Failed to optimize image: cannot identify image file"}
}

// decodeBase64 decodes what clients send as base64: after the first comma where there
// is one, characters outside the alphabet left out, padding not asked for. Errors:
// binascii.Error. Source: file/utils.py decode_file_content, file_manager.py
// safe_b64decode.
func decodeBase64(text string) ([]byte, error) {
	if parts := strings.SplitN(text, ",", 3); len(parts) > 1 {
		text = parts[1]
	}
	clean := make([]byte, 0, len(text))
	for i := 0; i < len(text); i++ {
		switch b := text[i]; {
		case b >= 'A' && b <= 'Z', b >= 'a' && b <= 'z', b >= '0' && b <= '9', b == '+', b == '/':
			clean = append(clean, b)
		}
	}
	out := make([]byte, base64.RawStdEncoding.DecodedLen(len(clean)))
	n, err := base64.RawStdEncoding.Decode(out, clean)
	if err != nil {
		return nil, exc.Base64.New("Invalid base64-encoded string")
	}
	return out[:n], nil
}

// readAll reads a stored file that must not be large.
func readAll(f files.File, limit int64) ([]byte, error) {
	if f.Size() > limit {
		return nil, files.ErrTooLarge
	}
	return io.ReadAll(f)
}
