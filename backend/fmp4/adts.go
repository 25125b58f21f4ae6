package fmp4

import (
	"bufio"
	"errors"
	"fmt"
	"io"
)

// ADTSReader reads the AAC frames that an encoder writes on a pipe as ADTS (ISO/IEC 13818-7 §6.2). ADTS carries no
// times: the frames of an encoder run follow each other without a gap, so counting them is exact.
type ADTSReader struct{ r *bufio.Reader }

// NewADTSReader reads from r.
func NewADTSReader(r io.Reader) *ADTSReader { return &ADTSReader{r: bufio.NewReaderSize(r, 32<<10)} }

// Next gives the next frame without its header. It gives io.EOF after the last one.
func (a *ADTSReader) Next() ([]byte, error) {
	var head [9]byte
	if _, err := io.ReadFull(a.r, head[:7]); err != nil {
		if errors.Is(err, io.ErrUnexpectedEOF) {
			return nil, fmt.Errorf("read ADTS header: %w", err)
		}
		return nil, err
	}
	if head[0] != 0xff || head[1]&0xf6 != 0xf0 || head[6]&3 != 0 {
		return nil, fmt.Errorf("ADTS header %x: %w", head[:7], ErrMalformed)
	}
	header := 7
	if head[1]&1 == 0 { // a CRC follows
		if _, err := io.ReadFull(a.r, head[7:9]); err != nil {
			return nil, fmt.Errorf("read ADTS checksum: %w", io.ErrUnexpectedEOF)
		}
		header = 9
	}
	size := int(head[3]&3)<<11 | int(head[4])<<3 | int(head[5])>>5
	if size <= header {
		return nil, fmt.Errorf("ADTS frame of %d bytes: %w", size, ErrMalformed)
	}
	frame := make([]byte, size-header)
	if _, err := io.ReadFull(a.r, frame); err != nil {
		return nil, fmt.Errorf("read ADTS frame: %w", io.ErrUnexpectedEOF)
	}
	return frame, nil
}

// SilentAAC is one AAC-LC frame of silence for one, two or six (5.1) channels, of any sample rate: a raw_data_block
// with an empty spectrum (ISO/IEC 14496-3 §4.4.2.1). Nil for other channel counts.
func SilentAAC(channels int) []byte {
	switch channels {
	case 1:
		return []byte{0x00, 0xc8, 0x00, 0x80, 0x23, 0x80}
	case 2:
		return []byte{0x21, 0x00, 0x49, 0x90, 0x02, 0x19, 0x00, 0x23, 0x80}
	case 6: // front centre, front pair, back pair, low frequencies
		return []byte{
			0x01, 0x18, 0x20, 0x01, 0x08, 0x80, 0x23, 0x04, 0x60, 0x23, 0x10, 0x04, 0x60, 0x8c, 0x0c, 0x23, 0x00,
			0x00, 0xe0,
		}
	}
	return nil
}
