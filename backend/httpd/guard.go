package httpd

import (
	"crypto/sha256"
	"crypto/subtle"
	"net"
	"net/http"
	"runtime/debug"
	"slices"
	"strings"
)

// recovered turns a panic into a 500, or into a broken connection when part of the answer has gone out.
func (s *Server) recovered(next http.HandlerFunc) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		rec := &recorder{ResponseWriter: w}
		defer func() {
			if v := recover(); v != nil {
				s.panicked(rec, r, v)
			}
		}()
		next(rec, r)
	})
}

// panicked answers for a handler that panicked with v.
func (s *Server) panicked(w *recorder, r *http.Request, v any) {
	if v == http.ErrAbortHandler { //nolint:errorlint // a panic value, compared as net/http does
		panic(v)
	}
	s.log.ErrorContext(r.Context(), "Panic in an HTTP handler",
		"panic", v, "method", r.Method, "route", routeOf(r), "stack", string(debug.Stack()))
	if w.wrote {
		panic(http.ErrAbortHandler)
	}
	http.Error(w, "Internal Server Error", http.StatusInternalServerError)
}

// recorder notes whether anything of the answer was written.
type recorder struct {
	http.ResponseWriter
	wrote bool
}

func (r *recorder) WriteHeader(status int) {
	r.wrote = true
	r.ResponseWriter.WriteHeader(status)
}

func (r *recorder) Write(b []byte) (int, error) {
	r.wrote = true
	return r.ResponseWriter.Write(b)
}

// Unwrap lets http.ResponseController reach the connection.
func (r *recorder) Unwrap() http.ResponseWriter { return r.ResponseWriter }

// guarded lets through what is addressed to this server by its own name, from a page that may read it, and answers
// preflight requests.
func (s *Server) guarded(next http.HandlerFunc) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		h := w.Header()
		h.Set("X-Content-Type-Options", "nosniff")
		h.Set("Referrer-Policy", "no-referrer") // the token is in the path
		h.Add("Vary", "Origin")
		hosts := ownHosts(r)
		if !slices.Contains(hosts, r.Host) {
			refuseBody(w, r)
			http.Error(w, "Misdirected Request", http.StatusMisdirectedRequest)
			return
		}
		if origin := r.Header.Get("Origin"); origin != "" {
			if !s.mayRead(origin, hosts) || len(r.Header.Values("Origin")) > 1 {
				refuseBody(w, r)
				http.Error(w, "Forbidden", http.StatusForbidden)
				return
			}
			h.Set("Access-Control-Allow-Origin", origin)
			h.Set("Access-Control-Expose-Headers", "Content-Length, Content-Range, ETag, Retry-After")
		}
		if r.Method == http.MethodOptions {
			preflight(w, r)
			return
		}
		if !strings.HasPrefix(r.URL.EscapedPath(), "/api/") && r.ContentLength != 0 {
			// Nothing here takes a body, and one that trickles in would hold the connection.
			refuseBody(w, r)
			http.Error(w, "Bad Request", http.StatusBadRequest)
			return
		}
		next(w, r)
	}
}

// refuseBody keeps the server from reading a body on that nobody wants.
func refuseBody(w http.ResponseWriter, r *http.Request) {
	if r.ContentLength != 0 {
		w.Header().Set("Connection", "close")
	}
}

// mayRead says whether pages of an origin may read answers.
func (s *Server) mayRead(origin string, hosts []string) bool {
	if host, ok := strings.CutPrefix(origin, "http://"); ok && slices.Contains(hosts, host) {
		return true
	}
	return slices.Contains(s.o.Origins, origin)
}

// ownHosts are the Host headers that mean this server, on the connection's own port: the loopback names, and the
// address the connection came in on. An address in digits cannot be rebound; a name could be.
func ownHosts(r *http.Request) []string {
	addr, ok := r.Context().Value(http.LocalAddrContextKey).(net.Addr)
	if !ok {
		return nil
	}
	_, port, err := net.SplitHostPort(addr.String())
	if err != nil {
		return nil
	}
	return []string{net.JoinHostPort("127.0.0.1", port), net.JoinHostPort("localhost", port), addr.String()}
}

// preflight answers what a browser asks ahead of a cross-origin request (Fetch standard, CORS-preflight).
func preflight(w http.ResponseWriter, r *http.Request) {
	refuseBody(w, r)
	h := w.Header()
	h.Set("Allow", "GET, HEAD, POST, OPTIONS")
	if r.Header.Get("Origin") != "" && r.Header.Get("Access-Control-Request-Method") != "" {
		h.Set("Access-Control-Allow-Methods", "GET, HEAD, POST")
		h.Set("Access-Control-Allow-Headers", "Authorization, Content-Type, Range")
		h.Set("Access-Control-Max-Age", "600")
		h.Add("Vary", "Access-Control-Request-Method, Access-Control-Request-Headers")
		if r.Header.Get("Access-Control-Request-Private-Network") == "true" {
			h.Set("Access-Control-Allow-Private-Network", "true")
		}
	}
	w.WriteHeader(http.StatusNoContent)
}

// sameSecret compares two secrets in a time that says nothing of where they differ or how long the right one is. An
// empty secret equals nothing.
func sameSecret(got, want string) bool {
	g, w := sha256.Sum256([]byte(got)), sha256.Sum256([]byte(want))
	return subtle.ConstantTimeCompare(g[:], w[:]) == 1 && want != ""
}

// reads says whether a request only reads; if not, it is answered.
func reads(w http.ResponseWriter, r *http.Request) bool {
	if r.Method == http.MethodGet || r.Method == http.MethodHead {
		return true
	}
	w.Header().Set("Allow", "GET, HEAD")
	http.Error(w, "Method Not Allowed", http.StatusMethodNotAllowed)
	return false
}

// routeOf names what was asked for without the secrets in it, for the log.
func routeOf(r *http.Request) string {
	path := r.URL.EscapedPath()
	if rest, ok := strings.CutPrefix(path, "/m/"); ok {
		_, after, _ := strings.Cut(rest, "/")
		return "/m/-/" + after
	}
	return path
}
