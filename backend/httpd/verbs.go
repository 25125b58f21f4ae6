package httpd

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"
	"time"

	"dropstream/backend/fault"
)

// serveAPI answers a verb or the event stream; name is what follows "/api/".
func (s *Server) serveAPI(w http.ResponseWriter, r *http.Request, name string) {
	scheme, token, _ := strings.Cut(r.Header.Get("Authorization"), " ")
	if !strings.EqualFold(scheme, "Bearer") || !sameSecret(token, s.o.APIToken) {
		refuseBody(w, r)
		w.Header().Set("WWW-Authenticate", "Bearer")
		s.writeJSON(w, r, http.StatusUnauthorized, denied())
		return
	}
	if name == "events" {
		s.serveEvents(w, r)
		return
	}
	verb, ok := s.o.Verbs[name]
	if !ok {
		refuseBody(w, r)
		s.fail(w, r, fault.New(fault.NotFound, "There is no such verb."))
		return
	}
	if r.Method != http.MethodPost {
		refuseBody(w, r)
		w.Header().Set("Allow", "POST")
		http.Error(w, "Method Not Allowed", http.StatusMethodNotAllowed)
		return
	}
	body, err := readBody(w, r)
	if err != nil {
		w.Header().Set("Connection", "close")
		s.fail(w, r, err)
		return
	}
	answer, err := verb(r.Context(), body)
	if err != nil {
		s.fail(w, r, fmt.Errorf("%s: %w", name, err))
		return
	}
	s.writeJSON(w, r, http.StatusOK, answer)
}

func denied() any {
	_, body := problem(fault.New(fault.Denied, "This needs the token of the running program."))
	return body
}

// readBody takes the request's JSON, within bounds of size and time.
func readBody(w http.ResponseWriter, r *http.Request) (json.RawMessage, error) {
	control := http.NewResponseController(w)
	// A writer without deadlines is a test's recorder, which needs none. The deadline has to go again: left in place
	// it would end the watch for a client that leaves, and with it the request's context.
	_ = control.SetReadDeadline(time.Now().Add(readBodyTimeout))
	body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, maxBodyBytes))
	_ = control.SetReadDeadline(time.Time{})
	var tooBig *http.MaxBytesError
	switch {
	case errors.As(err, &tooBig):
		return nil, fault.Wrap(err, fault.Invalid, "The request is too big.")
	case err != nil:
		return nil, fault.Wrap(err, fault.Invalid, "The request did not arrive whole.")
	case len(body) == 0:
		return json.RawMessage("{}"), nil
	case !json.Valid(body):
		return nil, fault.New(fault.Invalid, "The request is not JSON.")
	}
	return body, nil
}
