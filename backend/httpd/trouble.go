package httpd

import (
	"encoding/json"
	"net/http"

	"dropstream/backend/api"
	"dropstream/backend/fault"
)

// retryAfter is when to ask again for what was not ready, in seconds.
const retryAfter = "1"

// Status is the HTTP status for a fault's code. What may come back by itself is a 5xx, because players ask again
// after a 5xx and never after a 4xx: a segment that was not ready (Busy), a source on an unplugged drive (Missing),
// a part that is being installed (Unavailable), a full disk, a program that is closing (Canceled).
func Status(code fault.Code) int {
	switch code {
	case fault.Invalid:
		return http.StatusBadRequest
	case fault.Denied:
		return http.StatusForbidden
	case fault.NotFound:
		return http.StatusNotFound
	case fault.Newer:
		return http.StatusConflict
	case fault.NotVideo, fault.Unsupported, fault.Encrypted, fault.Damaged:
		return http.StatusUnprocessableEntity
	case fault.Busy, fault.Missing, fault.Unavailable, fault.Canceled:
		return http.StatusServiceUnavailable
	case fault.DiskFull:
		return http.StatusInsufficientStorage
	default:
		return http.StatusInternalServerError
	}
}

// problem is the status and the body of an error: its code and its sentence, never its cause.
func problem(err error) (status int, body any) {
	code := fault.CodeOf(err)
	return Status(code), api.Problem{Code: string(code), Message: fault.MessageOf(err)}
}

// fail answers with an error, before anything else was written. What is the program's own fault is logged as an
// error, the rest for debugging only.
func (s *Server) fail(w http.ResponseWriter, r *http.Request, err error) {
	ctx := r.Context()
	if ctx.Err() != nil {
		s.log.DebugContext(ctx, "Client left", "route", routeOf(r), "err", err)
		return
	}
	status, body := s.o.Problem(err)
	if status == http.StatusInternalServerError {
		s.log.ErrorContext(ctx, "Request failed", "route", routeOf(r), "err", err)
	} else {
		s.log.DebugContext(ctx, "Request refused", "route", routeOf(r), "status", status, "err", err)
	}
	if status >= http.StatusServiceUnavailable {
		w.Header().Set("Retry-After", retryAfter)
	}
	s.writeJSON(w, r, status, body)
}

// writeJSON answers with JSON.
func (s *Server) writeJSON(w http.ResponseWriter, r *http.Request, status int, body any) {
	data, err := json.Marshal(body)
	if err != nil {
		s.log.ErrorContext(r.Context(), "Answer is not JSON", "route", routeOf(r), "err", err)
		http.Error(w, "Internal Server Error", http.StatusInternalServerError)
		return
	}
	h := w.Header()
	h.Set("Content-Type", "application/json")
	h.Set("Cache-Control", "no-store")
	w.WriteHeader(status)
	if r.Method == http.MethodHead {
		return
	}
	if _, err := w.Write(append(data, '\n')); err != nil {
		s.log.DebugContext(r.Context(), "Answer not taken", "route", routeOf(r), "err", err)
	}
}
