package sprite

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"hash/crc32"
	"image"
	"image/jpeg"
	"slices"
	"strconv"
	"time"
)

// Of a sheet.
const (
	Columns  = 5
	PerSheet = 25 // thumbnails

	quality = 78

	maxSide   = 4096    // of a thumbnail, when a sheet is read back
	maxHeader = 4 << 10 // of a sheet that is read back
)

// ErrMalformed says that what should be a sheet is none.
var ErrMalformed = errors.New("malformed sheet of thumbnails")

// Sheet is a sheet of thumbnails. They stand in rows of Columns, in the order of their times.
type Sheet struct {
	Width, Height int             // of each thumbnail, pixels
	Times         []time.Duration // when each begins to stand for what is shown, ascending
	End           time.Duration   // until when the last one does
	JPEG          []byte          // nil when there is none

	version string // of a picture that is left out
}

// header is what stands before the picture in the form in which a sheet is kept: a line of JSON.
type header struct {
	Sheet         string // the form's version
	Width, Height int
	Times         []time.Duration
	End           time.Duration
}

const form = "1"

// Bytes is the sheet in a form to be kept.
func (s *Sheet) Bytes() []byte {
	b, err := json.Marshal(header{form, s.Width, s.Height, s.Times, s.End})
	if err != nil {
		panic(err) // there is nothing in it that cannot be written
	}
	return append(append(b, '\n'), s.JPEG...)
}

// Bare is the sheet without its picture, which keeps its name.
func (s *Sheet) Bare() *Sheet {
	bare := *s
	bare.version, bare.JPEG = s.Version(), nil
	return &bare
}

// Version names the picture by its content, for its address: what has another content has another address.
func (s *Sheet) Version() string {
	if s.version != "" {
		return s.version
	}
	return strconv.FormatUint(uint64(crc32.Checksum(s.JPEG, castagnoli)), 36)
}

// castagnoli is the CRC-32C table: computed by the processor itself where it can.
var castagnoli = crc32.MakeTable(crc32.Castagnoli)

// Parse reads what Bytes wrote. The picture is not copied.
func Parse(b []byte) (*Sheet, error) {
	line, picture, ok := bytes.Cut(b[:min(len(b), maxHeader)], []byte{'\n'})
	var h header
	if err := json.Unmarshal(line, &h); !ok || err != nil || h.Sheet != form {
		return nil, fmt.Errorf("header of %d bytes: %w", len(line), ErrMalformed)
	}
	picture = b[len(b[:min(len(b), maxHeader)])-len(picture):]
	tooLarge := h.Width < 1 || h.Height < 1 || h.Width > maxSide || h.Height > maxSide || len(h.Times) > PerSheet
	if tooLarge || (len(h.Times) > 0) != (len(picture) > 0) {
		return nil, fmt.Errorf("%d thumbnails of %dx%d in %d bytes: %w", len(h.Times), h.Width, h.Height, len(b),
			ErrMalformed)
	}
	last := time.Duration(0)
	for _, t := range append(slices.Clip(h.Times), h.End) {
		if t < last {
			return nil, fmt.Errorf("thumbnail at %v after %v: %w", t, last, ErrMalformed)
		}
		last = t
	}
	return &Sheet{Width: h.Width, Height: h.Height, Times: h.Times, End: h.End, JPEG: picture}, nil
}

// Picture is one thumbnail, full range, in the matrix of JFIF, its chroma halved both ways.
type Picture struct {
	Y, Cb, Cr        []byte
	YStride, CStride int // bytes from one line to the next
}

// Maker puts a sheet together.
type Maker struct {
	width, height int
	canvas        *image.YCbCr
	times         []time.Duration
}

// NewMaker begins a sheet of thumbnails of a size; both must be even.
func NewMaker(width, height int) *Maker {
	area := image.Rect(0, 0, Columns*width, (PerSheet+Columns-1)/Columns*height)
	return &Maker{width: width, height: height, canvas: image.NewYCbCr(area, image.YCbCrSubsampleRatio420)}
}

// Len is how many thumbnails there are.
func (m *Maker) Len() int { return len(m.times) }

// Add puts the next thumbnail in its place. One that is not later than the last one, or for which there is no room, is
// left out.
func (m *Maker) Add(at time.Duration, p Picture) {
	n := len(m.times)
	if n == PerSheet || at < 0 || n > 0 && at <= m.times[n-1] {
		return
	}
	m.times = append(m.times, at)
	x, y := n%Columns*m.width, n/Columns*m.height
	c := m.canvas
	plane(c.Y[y*c.YStride+x:], c.YStride, p.Y, p.YStride, m.width, m.height)
	at2 := y/2*c.CStride + x/2
	plane(c.Cb[at2:], c.CStride, p.Cb, p.CStride, m.width/2, m.height/2)
	plane(c.Cr[at2:], c.CStride, p.Cr, p.CStride, m.width/2, m.height/2)
}

func plane(dst []byte, dstStride int, src []byte, srcStride, width, height int) {
	for y := range height {
		copy(dst[y*dstStride:][:width], src[y*srcStride:])
	}
}

// Sheet is the sheet of all that was added, which stands for what is shown until end. Its rows without thumbnails are
// left out.
func (m *Maker) Sheet(end time.Duration) (*Sheet, error) {
	s := &Sheet{Width: m.width, Height: m.height, Times: append([]time.Duration(nil), m.times...), End: end}
	if len(m.times) == 0 {
		return s, nil
	}
	s.End = max(end, m.times[len(m.times)-1])
	columns, rows := min(len(m.times), Columns), (len(m.times)+Columns-1)/Columns
	var b bytes.Buffer
	part := m.canvas.SubImage(image.Rect(0, 0, columns*m.width, rows*m.height))
	if err := jpeg.Encode(&b, part, &jpeg.Options{Quality: quality}); err != nil {
		return nil, fmt.Errorf("write sheet: %w", err)
	}
	s.JPEG = b.Bytes()
	return s, nil
}
