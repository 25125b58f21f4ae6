package httpd

import (
	"io/fs"
	"mime"
	"net/http"
	"net/url"
	"path"
	"strings"

	"dropstream/backend/media"
)

// uiPolicy is the Content-Security-Policy of the UI: its own code only; media and API from loopback; blob: for Media
// Source Extensions; no page may frame it.
const uiPolicy = "default-src 'self'; connect-src 'self' http://127.0.0.1:*; " +
	"media-src 'self' blob: http://127.0.0.1:*; img-src 'self' data: blob: http://127.0.0.1:*; " +
	"font-src 'self' data:; worker-src 'self' blob:; style-src 'self' 'unsafe-inline'; object-src 'none'; " +
	"base-uri 'none'; form-action 'none'; frame-ancestors 'none'"

// uiTypes are the types of the files a UI is made of; the system's own table may lack or falsify them.
var uiTypes = map[string]string{
	".html": "text/html; charset=utf-8", ".css": "text/css; charset=utf-8",
	".js": "text/javascript; charset=utf-8", ".mjs": "text/javascript; charset=utf-8",
	".json": "application/json", ".svg": "image/svg+xml", ".png": "image/png",
	".jpg": "image/jpeg", ".webp": "image/webp", ".ico": "image/x-icon", ".woff2": "font/woff2",
	".wasm": "application/wasm", ".txt": "text/plain; charset=utf-8", ".map": "application/json",
}

// serveUI answers with a file of the UI; folders are not listed, and only "/" has an index.
func (s *Server) serveUI(w http.ResponseWriter, r *http.Request, escaped string) {
	name, err := url.PathUnescape(strings.TrimPrefix(escaped, "/"))
	if name == "" {
		name = "index.html"
	}
	if err != nil || s.o.UI == nil || !fs.ValidPath(name) || strings.ContainsAny(name, "\\\x00") || hidden(name) {
		http.NotFound(w, r)
		return
	}
	if !reads(w, r) {
		return
	}
	info, err := fs.Stat(s.o.UI, name)
	if err != nil || !info.Mode().IsRegular() {
		http.NotFound(w, r)
		return
	}
	data, err := fs.ReadFile(s.o.UI, name)
	if err != nil {
		s.fail(w, r, err)
		return
	}
	h := w.Header()
	h.Set("Content-Security-Policy", uiPolicy)
	h.Set("Content-Type", uiType(name))
	h.Set("Cache-Control", cacheNever)
	if strings.HasPrefix(name, "assets/") { // the bundler puts a hash of the content in these names
		h.Set("Cache-Control", cacheForever)
	}
	h.Set("ETag", entityTag("ui", data))
	s.send(w, r, media.InMemory(data, 0))
}

// hidden says whether any part of a path is a dot file.
func hidden(name string) bool {
	return strings.HasPrefix(name, ".") || strings.Contains(name, "/.")
}

func uiType(name string) string {
	ext := path.Ext(name)
	if t, ok := uiTypes[ext]; ok {
		return t
	}
	if t := mime.TypeByExtension(ext); t != "" {
		return t
	}
	return "application/octet-stream"
}
