package httpd

import (
	"bytes"
	"compress/gzip"
	"net/http"
	"strconv"
	"strings"
	"sync"
	"time"

	"dropstream/backend/media"
)

// sendPiece is what is handed to the connection at once: large, so that a segment costs few calls, and small enough
// for any client that is alive to take within writeTimeout.
const sendPiece = 1 << 20

// gzipFloor is the size below which packing a playlist gains nothing: it fits one network packet anyway.
const gzipFloor = 1400

// gzipWriters are kept because each holds some 800 KB of tables.
var gzipWriters = sync.Pool{New: func() any {
	z, err := gzip.NewWriterLevel(nil, gzip.BestSpeed)
	if err != nil {
		panic(err) // the level is a constant
	}
	return z
}}

// send answers with a body whose headers are set: whole, a range of it, or "not modified".
func (s *Server) send(w http.ResponseWriter, r *http.Request, body media.Body) {
	if r.Method == http.MethodGet && !conditional(r) {
		w.Header().Set("Accept-Ranges", "bytes")
		s.sendAll(w, r, body)
		return
	}
	http.ServeContent(w, r, "", time.Time{}, body)
}

// conditional says whether a request asks for anything but the whole.
func conditional(r *http.Request) bool {
	for _, name := range []string{"Range", "If-Range", "If-Match", "If-None-Match"} {
		if r.Header.Get(name) != "" {
			return true
		}
	}
	return false
}

// sendAll writes an answer in a few large pieces, each with its own time to be taken.
func (s *Server) sendAll(w http.ResponseWriter, r *http.Request, body media.Body) {
	w.Header().Set("Content-Length", strconv.FormatInt(body.Size(), 10))
	w.WriteHeader(http.StatusOK)
	if r.Method == http.MethodHead {
		return
	}
	control := http.NewResponseController(w)
	for left := body.Size(); left > 0; {
		// A writer without deadlines is a test's recorder, which needs none.
		_ = control.SetWriteDeadline(time.Now().Add(writeTimeout))
		n, err := body.Send(w, sendPiece)
		if err != nil || n == 0 {
			s.log.DebugContext(r.Context(), "Answer not taken", "route", routeOf(r), "err", err)
			return
		}
		left -= n
	}
}

// sendText answers with a playlist, packed when the client can unpack it.
func (s *Server) sendText(w http.ResponseWriter, r *http.Request, data []byte) {
	w.Header().Add("Vary", "Accept-Encoding")
	if len(data) >= gzipFloor && acceptsGzip(r.Header.Values("Accept-Encoding")) {
		var buf bytes.Buffer
		z, _ := gzipWriters.Get().(*gzip.Writer)
		z.Reset(&buf)
		_, err := z.Write(data)
		if err == nil {
			err = z.Close()
		}
		gzipWriters.Put(z)
		if err == nil {
			w.Header().Set("Content-Encoding", "gzip")
			data = buf.Bytes()
		}
	}
	s.sendAll(w, r, media.InMemory(data, 0))
}

// acceptsGzip reads Accept-Encoding (RFC 9110 §12.5.3): gzip is welcome when it is named with a weight above zero.
func acceptsGzip(values []string) bool {
	for _, value := range values {
		for part := range strings.SplitSeq(value, ",") {
			coding, weight, weighted := strings.Cut(part, ";")
			if !strings.EqualFold(strings.TrimSpace(coding), "gzip") {
				continue
			}
			q, ok := strings.CutPrefix(strings.TrimSpace(weight), "q=")
			if !weighted {
				return true
			}
			f, err := strconv.ParseFloat(q, 64)
			return ok && err == nil && f > 0
		}
	}
	return false
}
