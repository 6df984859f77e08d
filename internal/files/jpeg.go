package files

import (
	"bufio"
	"errors"
	"image/jpeg"
	"io"
)

// ErrNotImage says that bytes are not the image that their name promises.
var ErrNotImage = errors.New("files: not a readable image")

// StripJPEG copies a JPEG without its metadata: Exif and XMP (with places, names and
// previews), Photoshop blocks, comments and what follows the picture. The picture, its
// colour profile and the Adobe marker that decoders need stay as they are, so nothing
// is lost by it. Errors: ErrNotImage.
// Upstream (frappe/utils/image.py strip_exif_data) encodes the picture anew.
func StripJPEG(w io.Writer, r io.ReadSeeker) error {
	if _, err := jpeg.DecodeConfig(bufio.NewReader(r)); err != nil {
		return ErrNotImage
	}
	if _, err := r.Seek(0, io.SeekStart); err != nil {
		return err
	}
	in, out := bufio.NewReaderSize(r, copyBuffer), bufio.NewWriterSize(w, copyBuffer)
	if err := stripSegments(out, in); err != nil {
		return err
	}
	return out.Flush()
}

// Markers of JPEG files.
const (
	markerSOI  = 0xd8
	markerEOI  = 0xd9
	markerSOS  = 0xda
	markerRST0 = 0xd0
	markerRST7 = 0xd7
	markerCOM  = 0xfe
)

// kept reports whether a segment stays: all but comments and the application's own,
// of which JFIF (0), colour profiles (2) and Adobe's (14) say how to show the picture.
func kept(marker byte) bool {
	switch {
	case marker == markerCOM:
		return false
	case marker >= 0xe0 && marker <= 0xef:
		return marker == 0xe0 || marker == 0xe2 || marker == 0xee
	}
	return true
}

func stripSegments(out *bufio.Writer, in *bufio.Reader) error {
	marker, err := nextMarker(in)
	if err != nil || marker != markerSOI {
		return ErrNotImage
	}
	_, _ = out.Write([]byte{0xff, markerSOI}) // errors show at Flush
	if marker, err = nextMarker(in); err != nil {
		return ErrNotImage
	}
	for {
		switch {
		case marker == markerEOI:
			_, err = out.Write([]byte{0xff, markerEOI})
			return err
		case alone(marker):
			_, _ = out.Write([]byte{0xff, marker})
		default:
			if err := copySegment(out, in, marker); err != nil {
				return err
			}
		}
		if marker == markerSOS {
			marker = copyScan(out, in)
			continue
		}
		if marker, err = nextMarker(in); err != nil {
			return ErrNotImage
		}
	}
}

// alone reports whether a marker has no length and nothing to it.
func alone(marker byte) bool { return marker == 0x01 || marker >= markerRST0 && marker <= markerRST7 }

// nextMarker reads up to the next marker and returns its second byte.
func nextMarker(in *bufio.Reader) (byte, error) {
	for {
		b, err := in.ReadByte()
		if err != nil {
			return 0, err
		}
		if b != 0xff {
			continue
		}
		for b == 0xff {
			if b, err = in.ReadByte(); err != nil {
				return 0, err
			}
		}
		if b != 0 {
			return b, nil
		}
	}
}

func copySegment(out *bufio.Writer, in *bufio.Reader, marker byte) error {
	var head [2]byte
	if _, err := io.ReadFull(in, head[:]); err != nil {
		return ErrNotImage
	}
	n := int64(head[0])<<8 | int64(head[1])
	if n < 2 {
		return ErrNotImage
	}
	if !kept(marker) {
		if _, err := in.Discard(int(n - 2)); err != nil {
			return ErrNotImage
		}
		return nil
	}
	_, _ = out.Write([]byte{0xff, marker, head[0], head[1]})
	if _, err := io.CopyN(out, in, n-2); err != nil {
		return ErrNotImage
	}
	return nil
}

// copyScan copies compressed data and returns the next marker that is none of its
// own. A file that ends within it is shown as far as it goes, so it ends there.
func copyScan(out *bufio.Writer, in *bufio.Reader) byte {
	for {
		b, err := in.ReadByte()
		if err != nil {
			return markerEOI
		}
		for b == 0xff {
			if b, err = in.ReadByte(); err != nil {
				return markerEOI
			}
			if b == 0xff { // padding before a marker
				continue
			}
			if b != 0 && !alone(b) {
				return b
			}
			_ = out.WriteByte(0xff)
		}
		_ = out.WriteByte(b)
	}
}

// progressive reports whether a JPEG says in its head that it is a progressive one, which
// takes more memory to decode. What is malformed counts as one.
func progressive(data []byte) bool {
	for i := 2; i+4 <= len(data); {
		if data[i] != 0xff {
			return true
		}
		marker := data[i+1]
		switch {
		case marker == 0xff:
			i++
			continue
		case alone(marker):
			i += 2
			continue
		case marker == markerSOS:
			return false
		case marker >= 0xc0 && marker <= 0xcf && marker != 0xc4 && marker != 0xc8 && marker != 0xcc:
			return marker != 0xc0 && marker != 0xc1
		}
		i += 2 + int(data[i+2])<<8 + int(data[i+3])
	}
	return true
}
