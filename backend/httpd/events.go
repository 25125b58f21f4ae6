package httpd

import (
	"bytes"
	"encoding/json"
	"fmt"
	"net/http"
	"time"

	"dropstream/backend/api"
	"dropstream/backend/fault"
)

// serveEvents streams the API's events as server-sent events (HTML standard §9.2): the sequence number as the id, the
// event's JSON as the data, and a comment at the start and whenever it has been quiet for a while.
func (s *Server) serveEvents(w http.ResponseWriter, r *http.Request) {
	if r.Method != http.MethodGet || s.o.Subscribe == nil {
		http.NotFound(w, r)
		return
	}
	select {
	case s.listeners <- struct{}{}:
		defer func() { <-s.listeners }()
	default:
		s.fail(w, r, fault.New(fault.Busy, "Too many pages are listening."))
		return
	}
	ctx := r.Context()
	events := s.o.Subscribe(ctx)
	h := w.Header()
	h.Set("Content-Type", "text/event-stream")
	h.Set("Cache-Control", "no-store")
	w.WriteHeader(http.StatusOK)

	beat := time.NewTicker(s.heartbeat)
	defer beat.Stop()
	piece := []byte(": hello\n\n")
	for {
		if err := push(w, piece); err != nil {
			s.log.DebugContext(ctx, "Listener left", "err", err)
			return
		}
		select {
		case <-ctx.Done():
			return
		case <-s.stop:
			return
		case <-beat.C:
			piece = []byte(":\n\n")
		case e, ok := <-events:
			if !ok {
				return
			}
			var err error
			if piece, err = eventText(e); err != nil {
				s.log.ErrorContext(ctx, "Event is not JSON", "kind", e.Kind, "err", err)
				return
			}
			beat.Reset(s.heartbeat)
		}
	}
}

// push writes a piece of a stream and sends it off.
func push(w http.ResponseWriter, piece []byte) error {
	control := http.NewResponseController(w)
	// A writer without deadlines is a test's recorder, which needs none.
	_ = control.SetWriteDeadline(time.Now().Add(writeTimeout))
	if _, err := w.Write(piece); err != nil {
		return fmt.Errorf("write event: %w", err)
	}
	if err := control.Flush(); err != nil {
		return fmt.Errorf("flush event: %w", err)
	}
	return nil
}

// eventText is an event on the wire. JSON holds no line break, so one data line carries it.
func eventText(e api.Event) ([]byte, error) {
	data, err := json.Marshal(e)
	if err != nil {
		return nil, fmt.Errorf("encode event: %w", err)
	}
	var b bytes.Buffer
	fmt.Fprintf(&b, "id: %d\ndata: %s\n\n", e.Seq, data)
	return b.Bytes(), nil
}
