package index

// matrix is the a, b, c, d of a transformation matrix in 16.16 fixed point (ISO/IEC 14496-12 6.2.2): x' = a*x + c*y,
// y' = b*x + d*y, with y pointing down. The rest of the matrix moves the picture, which shows nowhere.
type matrix struct{ a, b, c, d int64 }

var identity = matrix{a: 1 << 16, d: 1 << 16}

// readMatrix reads the nine numbers of a matrix.
func readMatrix(r *be) matrix {
	var m matrix
	next := func() int64 { return int64(r.i32()) }
	m.a, m.b = next(), next()
	next() // u
	m.c, m.d = next(), next()
	r.skip(16)
	return m
}

// then gives the matrix that does m and after it n.
func (m matrix) then(n matrix) matrix {
	return matrix{
		a: (m.a*n.a + m.b*n.c) >> 16, b: (m.a*n.b + m.b*n.d) >> 16,
		c: (m.c*n.a + m.d*n.c) >> 16, d: (m.c*n.b + m.d*n.d) >> 16,
	}
}

// orientation gives the matrix as a mirroring left to right followed by clockwise quarter turns, in degrees. What is
// neither is taken as the nearest one.
func (m matrix) orientation() (rotation int, mirrored bool) {
	mirrored = m.a*m.d-m.b*m.c < 0
	a, b := m.a, m.b
	if mirrored { // take the mirroring off: it negates the first row
		a, b = -a, -b
	}
	switch {
	case abs(a) >= abs(b) && a >= 0:
		return 0, mirrored
	case abs(a) >= abs(b):
		return 180, mirrored
	case b >= 0:
		return 90, mirrored
	default:
		return 270, mirrored
	}
}

func abs(v int64) int64 { return max(v, -v) }
