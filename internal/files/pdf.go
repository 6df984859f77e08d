package files

import (
	"bufio"
	"bytes"
	"compress/zlib"
	"errors"
	"io"
)

// ErrBrokenPDF says that bytes are no complete PDF.
var ErrBrokenPDF = errors.New("files: no complete PDF")

// maxObjects bounds what the packed objects of one PDF may unpack to, in bytes.
const maxObjects = 64 << 20

// PDFHasScript reads a whole PDF and reports whether any of its objects, packed ones
// included, names a script. Packed objects of encrypted files cannot be read and count
// as harmless, as upstream takes them. Errors: ErrBrokenPDF, and what reading says.
// Source: frappe/utils/pdf.py pdf_contains_js, which follows direct objects only.
func PDFHasScript(r io.Reader) (bool, error) {
	s := &pdfScan{r: bufio.NewReaderSize(r, 64<<10), left: maxObjects}
	if err := s.run(); err != nil {
		return false, err
	}
	if !s.root || !s.startxref || !s.end || s.unread && !s.encrypted {
		return s.script, ErrBrokenPDF
	}
	return s.script, nil
}

// pdfScan goes over a PDF token by token, without building objects.
type pdfScan struct {
	r *bufio.Reader
	// left is how many bytes packed objects may still unpack to.
	left int64
	// packed says that the bytes are those of packed objects.
	packed bool
	// objects and flate: the present object is a stream of packed objects, compressed.
	objects, flate bool
	// root, startxref and end are the parts that make a file whole.
	root, startxref, end, encrypted, script, unread bool
}

func (s *pdfScan) run() error {
	for {
		b, err := s.r.ReadByte()
		if err == io.EOF {
			return nil
		}
		if err == nil {
			err = s.token(b)
		}
		if err == io.EOF || err == io.ErrUnexpectedEOF {
			return ErrBrokenPDF
		}
		if err != nil {
			return err
		}
	}
}

// token reads the rest of what begins with b. Errors: io.EOF within a token that has an
// end of its own.
func (s *pdfScan) token(b byte) error {
	switch {
	case b == '%':
		line, err := s.line()
		if bytes.HasPrefix(line, []byte("%EOF")) {
			s.end = true
		}
		return err
	case b == '(':
		return s.text()
	case b == '<':
		next, err := s.r.ReadByte()
		if err == nil && next != '<' {
			_, err = s.r.ReadSlice('>')
			for err == bufio.ErrBufferFull {
				_, err = s.r.ReadSlice('>')
			}
		}
		return err
	case b == '/':
		name, err := s.name()
		s.named(name)
		return err
	case pdfRegular(b):
		return s.word(b)
	}
	return nil
}

// line reads the beginning of a comment and skips the rest of it.
func (s *pdfScan) line() ([]byte, error) {
	var line []byte
	for {
		b, err := s.r.ReadByte()
		if err == io.EOF || err == nil && (b == '\r' || b == '\n') {
			return line, nil
		}
		if err != nil {
			return nil, err
		}
		if len(line) < 16 {
			line = append(line, b)
		}
	}
}

// text skips a string in parentheses.
func (s *pdfScan) text() error {
	for depth := 1; depth > 0; {
		b, err := s.r.ReadByte()
		if err != nil {
			return err
		}
		switch b {
		case '(':
			depth++
		case ')':
			depth--
		case '\\':
			if _, err := s.r.ReadByte(); err != nil {
				return err
			}
		}
	}
	return nil
}

// maxPDFName is as long as names may be; what is longer is none that counts here.
const maxPDFName = 127

// name reads a name, its escapes decoded.
func (s *pdfScan) name() (string, error) {
	name, err := s.regular(nil)
	for i := 0; i+2 < len(name); i++ {
		if name[i] == '#' {
			if hi, lo := hexDigit(name[i+1]), hexDigit(name[i+2]); hi >= 0 && lo >= 0 {
				name[i] = byte(hi<<4 | lo)
				name = append(name[:i+1], name[i+3:]...)
			}
		}
	}
	return string(name), err
}

func hexDigit(b byte) int {
	switch {
	case b >= '0' && b <= '9':
		return int(b - '0')
	case b|0x20 >= 'a' && b|0x20 <= 'f':
		return int(b|0x20-'a') + 10
	}
	return -1
}

// regular reads on as long as characters are regular ones.
func (s *pdfScan) regular(word []byte) ([]byte, error) {
	for {
		b, err := s.r.ReadByte()
		if err == io.EOF {
			return word, nil
		}
		if err != nil {
			return nil, err
		}
		if !pdfRegular(b) {
			return word, s.r.UnreadByte()
		}
		if len(word) < maxPDFName {
			word = append(word, b)
		}
	}
}

func pdfRegular(b byte) bool {
	switch b {
	case 0, '\t', '\n', '\f', '\r', ' ', '(', ')', '<', '>', '[', ']', '{', '}', '/', '%':
		return false
	}
	return true
}

func (s *pdfScan) named(name string) {
	switch name {
	case "JS", "JavaScript":
		s.script = true
	case "Root":
		s.root = s.root || !s.packed
	case "Encrypt":
		s.encrypted = true
	case "ObjStm":
		s.objects = true
	case "FlateDecode", "Fl":
		s.flate = true
	}
}

func (s *pdfScan) word(b byte) error {
	word, err := s.regular([]byte{b})
	if err != nil || s.packed {
		return err
	}
	switch string(word) {
	case "obj":
		s.objects, s.flate = false, false
	case "startxref":
		s.startxref = true
	case "stream":
		return s.stream()
	}
	return nil
}

var endStream = []byte("endstream")

// stream reads over a stream's bytes, and into those of packed objects.
func (s *pdfScan) stream() error {
	var kept []byte
	seen := make([]byte, 0, len(endStream))
	for {
		b, err := s.r.ReadByte()
		if err != nil {
			return err
		}
		if len(seen) == len(endStream) {
			seen = append(seen[:0], seen[1:]...)
		}
		seen = append(seen, b)
		if s.objects {
			kept = append(kept, b)
			if len(kept) > maxObjects {
				s.objects, s.unread, kept = false, true, nil
			}
		}
		if b == 'm' && bytes.Equal(seen, endStream) {
			break
		}
	}
	if !s.objects {
		return nil
	}
	return s.unpack(bytes.TrimLeft(kept[:len(kept)-len(endStream)], "\r\n"))
}

// unpack scans packed objects.
func (s *pdfScan) unpack(data []byte) error {
	in := io.Reader(bytes.NewReader(data))
	if s.flate {
		z, err := zlib.NewReader(in)
		if err != nil {
			s.unread = true
			return nil //nolint:nilerr // encrypted, or broken, which the end tells
		}
		in = z
	}
	within := &io.LimitedReader{R: in, N: s.left}
	inner := &pdfScan{r: bufio.NewReader(within), packed: true}
	err := inner.run()
	s.left = within.N
	s.script = s.script || inner.script
	if err != nil || s.left <= 0 {
		s.unread = true
	}
	return nil
}
