package index

// maxLaceHead bounds the sizes at the front of a laced block: 255 of them, each of a few bytes.
const maxLaceHead = 4 << 10

// The kinds of lacing (RFC 9559 10.3).
const (
	laceXiph  = 1
	laceFixed = 2
	laceEBML  = 3
)

// laceSizes gives the sizes of the frames of a laced block, whose payload of total bytes begins with p, and how many
// bytes of p said them.
func laceSizes(lacing byte, p []byte, total int64) (sizes []int64, head int, err error) {
	if len(p) == 0 {
		return nil, 0, damaged("empty lace")
	}
	count := int(p[0]) + 1
	head = 1
	if lacing == laceFixed {
		if rest := total - 1; rest%int64(count) != 0 {
			return nil, 0, damaged("%d bytes in a lace of %d equal frames", rest, count)
		}
		for range count {
			sizes = append(sizes, (total-1)/int64(count))
		}
		return sizes, head, nil
	}
	sum, last := int64(0), int64(0)
	for i := range count - 1 {
		var size int64
		var n int
		if lacing == laceXiph {
			size, n = xiphSize(p[head:])
		} else {
			size, n = ebmlSize(p[head:], last, i == 0)
		}
		if n == 0 || size < 0 || size > total {
			return nil, 0, damaged("lace without the size of frame %d", i)
		}
		head += n
		sum += size
		last = size
		sizes = append(sizes, size)
	}
	rest := total - int64(head) - sum
	if rest < 0 {
		return nil, 0, damaged("a lace of %d bytes holds %d", total, sum)
	}
	return append(sizes, rest), head, nil
}

// xiphSize reads a size that is a sum of bytes, the last of which is below 255.
func xiphSize(p []byte) (size int64, n int) {
	for i, b := range p {
		size += int64(b)
		if b != 0xff {
			return size, i + 1
		}
	}
	return 0, 0
}

// ebmlSize reads a size: the first one as it is, each later one as its signed difference to the one before it.
func ebmlSize(p []byte, last int64, first bool) (size int64, n int) {
	v, n := vint(p)
	if n == 0 || v < 0 {
		return 0, 0
	}
	if first {
		return v, n
	}
	return last + v - (1<<(7*n-1) - 1), n
}
