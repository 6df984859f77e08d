package files

import (
	"bytes"
	"image"
	"image/color"
	"image/gif"
	"image/jpeg"
	"image/png"
	"io"
	"math"
	"runtime"

	"golang.org/x/image/draw"
)

// Bounds of what is decoded: a small file can claim a huge picture. maxDecoded is how many
// bytes it may take in memory.
const (
	maxPixels  = 64 << 20
	maxDecoded = 96 << 20
)

// decoding bounds how many pictures are in memory at a time.
var decoding = make(chan struct{}, max(runtime.GOMAXPROCS(0)/2, 1))

// Pixels is how many pixels a picture says that it has; 0 for what is no picture that is
// decoded.
func Pixels(data []byte) int64 {
	c, kind, err := image.DecodeConfig(bytes.NewReader(data))
	if err != nil || c.Width <= 0 || c.Height <= 0 || kind == "gif" {
		return 0
	}
	return int64(c.Width) * int64(c.Height)
}

// depth is about how many bytes a pixel takes while a picture is decoded.
func depth(c image.Config, kind string, data []byte) int {
	switch {
	case kind == "jpeg" && progressive(data):
		return 12 // the coefficients
	case kind == "jpeg":
		return 3
	}
	switch c.ColorModel {
	case color.GrayModel:
		return 1
	case color.Gray16Model:
		return 2
	case color.RGBA64Model, color.NRGBA64Model:
		return 8
	}
	if _, ok := c.ColorModel.(color.Palette); ok {
		return 1
	}
	return 4
}

// Fit says how large a picture may be.
type Fit struct {
	Width, Height float64
	// Shrinks also bounds it to four fifths of its own size, never below 200, as
	// v15 and later do.
	Shrinks bool
}

func (f Fit) size(w, h int) (int, int) {
	mw, mh := f.Width, f.Height
	if f.Shrinks {
		mw = math.Max(math.Min(mw, float64(w)*0.8), 200)
		mh = math.Max(math.Min(mh, float64(h)*0.8), 200)
	}
	return within(w, h, mw, mh)
}

// within scales w × h to fit into mw × mh, never up.
// Source: Pillow's Image.thumbnail.
func within(w, h int, mw, mh float64) (int, int) {
	mw, mh = math.Floor(mw), math.Floor(mh)
	if mw < 1 || mh < 1 || mw >= float64(w) && mh >= float64(h) {
		return w, h
	}
	if aspect := float64(w) / float64(h); mw/mh >= aspect {
		mw = math.Max(math.Round(mh*aspect), 1)
	} else {
		mh = math.Max(math.Round(mw/aspect), 1)
	}
	return int(mw), int(mh)
}

// OptimizeImage scales a picture down and encodes it anew. It returns data itself where
// that would not be smaller, and for kinds that are not understood. Errors: ErrNotImage.
// Source: frappe/utils/image.py optimize_image.
func OptimizeImage(data []byte, contentType string, f Fit) ([]byte, error) {
	switch contentType {
	case "image/jpeg", "image/png", "image/gif":
	case "image/svg+xml", "image/webp", "image/bmp", "image/tiff", "image/x-icon", "image/vnd.microsoft.icon":
		return data, nil
	}
	decoding <- struct{}{}
	defer func() { <-decoding }()
	img, kind, err := decode(data)
	if err != nil {
		return nil, err
	}
	if kind == "gif" {
		return data, nil // may be animated: kept as it is
	}
	w, h := f.size(img.Bounds().Dx(), img.Bounds().Dy())
	var out bytes.Buffer
	if err := encode(&out, scaled(img, w, h), kind); err != nil {
		return nil, err
	}
	if out.Len() >= len(data) {
		return data, nil
	}
	return out.Bytes(), nil
}

// Thumbnail writes a picture that fits into width × height, in the kind of the
// original. Errors: ErrNotImage. Source: file.py make_thumbnail.
func Thumbnail(w io.Writer, data []byte, width, height int) error {
	decoding <- struct{}{}
	defer func() { <-decoding }()
	img, kind, err := decode(data)
	if err != nil {
		return err
	}
	tw, th := within(img.Bounds().Dx(), img.Bounds().Dy(), float64(width), float64(height))
	return encode(w, scaled(img, tw, th), kind)
}

func decode(data []byte) (image.Image, string, error) {
	c, kind, err := image.DecodeConfig(bytes.NewReader(data))
	if err != nil || c.Width <= 0 || c.Height <= 0 || c.Width > maxPixels/c.Height || c.Width*c.Height > maxDecoded/depth(c, kind, data) {
		return nil, "", ErrNotImage
	}
	img, kind, err := image.Decode(bytes.NewReader(data))
	if err != nil {
		return nil, "", ErrNotImage
	}
	return img, kind, nil
}

func scaled(img image.Image, w, h int) image.Image {
	if b := img.Bounds(); b.Dx() == w && b.Dy() == h {
		return img
	}
	dst := image.NewRGBA(image.Rect(0, 0, w, h))
	draw.CatmullRom.Scale(dst, dst.Bounds(), img, img.Bounds(), draw.Src, nil)
	return dst
}

func encode(w io.Writer, img image.Image, kind string) error {
	switch kind {
	case "jpeg":
		return jpeg.Encode(w, img, &jpeg.Options{Quality: 85})
	case "gif":
		return gif.Encode(w, img, nil)
	}
	return (&png.Encoder{CompressionLevel: png.BestCompression}).Encode(w, img)
}
