package httpd

import (
	"context"
	"fmt"
	"net/http"
	"strconv"
	"strings"

	"dropstream/backend/media"
)

// Media types (RFC 8216 §4, RFC 4337, WebVTT §8.1).
const (
	typePlaylist = "application/vnd.apple.mpegurl"
	typeVideo    = "video/mp4"
	typeAudio    = "audio/mp4"
	typeJPEG     = "image/jpeg"
)

// textTypes are the media types of segments of subtitles, by their ending: cues, a script of SubStation Alpha, images.
var textTypes = map[string]string{
	"vtt": "text/vtt; charset=utf-8", "ass": "text/x-ssa; charset=utf-8", "json": "application/json",
}

// Cache policies.
const (
	cacheNever   = "no-cache" // may be kept, must be asked about
	cacheForever = "private, max-age=31536000, immutable"
)

// serveMedia answers a path of the media tree; path is what follows "/m/".
func (s *Server) serveMedia(w http.ResponseWriter, r *http.Request, path string) {
	token, rest, _ := strings.Cut(path, "/")
	route, ok := parseMedia(rest)
	if !sameSecret(token, s.o.MediaToken) || !ok || s.o.Media == nil {
		http.NotFound(w, r)
		return
	}
	if !reads(w, r) {
		return
	}
	route.client = media.ParseClient(r.URL.Query().Get(playsQuery))
	if route.what == aSegment {
		s.serveSegment(w, r, route)
		return
	}
	data, err := s.media(r.Context(), route)
	if err != nil {
		s.fail(w, r, err)
		return
	}
	h := w.Header()
	switch route.what {
	case aMultivariant, aPlaylist:
		h.Set("Cache-Control", cacheNever)
		h.Set("Content-Type", typePlaylist)
		s.sendText(w, r, data)
		return
	case aPoster:
		h.Set("Cache-Control", cacheNever)
		h.Set("Content-Type", typeJPEG)
		h.Set("ETag", entityTag(route.item, data))
	case aThumbIndex:
		h.Set("Cache-Control", cacheNever)
		h.Set("Content-Type", textTypes["vtt"])
		s.sendText(w, r, data)
		return
	case aThumbSheet:
		h.Set("Cache-Control", cacheNever)
		if r.URL.Query().Get("v") == contentVersion(data) {
			h.Set("Cache-Control", cacheForever)
		}
		h.Set("Content-Type", typeJPEG)
		h.Set("ETag", entityTag("thumbs-"+strconv.Itoa(route.n), data))
	case anInit:
		h.Set("Cache-Control", cacheForever)
		h.Set("Content-Type", mp4Type(route.ref))
		h.Set("ETag", entityTag(route.ref.Plan+"-init", data))
	case aSegment: // see above
	}
	s.send(w, r, media.InMemory(data, 0))
}

// serveSegment answers with a segment.
func (s *Server) serveSegment(w http.ResponseWriter, r *http.Request, route mediaRoute) {
	body, err := s.o.Media.Segment(r.Context(), route.ref, route.n)
	if err != nil {
		s.fail(w, r, fmt.Errorf("make segment: %w", err))
		return
	}
	defer func() { _ = body.Close() }() // only read from
	h := w.Header()
	h.Set("Cache-Control", cacheForever)
	h.Set("Content-Type", mp4Type(route.ref))
	h.Set("ETag", bodyTag(route.ref.Plan+"-"+strconv.Itoa(route.n), body))
	if route.ref.Kind == media.Text { // no plan names it: the file it came from may change
		h.Set("Cache-Control", cacheNever)
		h.Set("Content-Type", textTypes[route.ref.Rendition])
	}
	s.send(w, r, body)
}

// media asks the engine.
func (s *Server) media(ctx context.Context, route mediaRoute) ([]byte, error) {
	switch route.what {
	case aMultivariant:
		return wrap(s.o.Media.Multivariant(ctx, route.item, route.client))("make multivariant playlist")
	case aPoster:
		return wrap(s.o.Media.Poster(ctx, route.item))("get poster")
	case aThumbIndex:
		return wrap(s.o.Media.Thumbs(ctx, route.item))("make index of thumbnails")
	case aThumbSheet:
		return wrap(s.o.Media.ThumbSheet(ctx, route.item, route.n))("get thumbnails")
	case aPlaylist:
		return wrap(s.o.Media.Playlist(ctx, route.ref))("make media playlist")
	default:
		return wrap(s.o.Media.Init(ctx, route.ref))("make init segment")
	}
}

// wrap says of an error what was being done.
func wrap(data []byte, err error) func(doing string) ([]byte, error) {
	return func(doing string) ([]byte, error) {
		if err != nil {
			return nil, fmt.Errorf("%s: %w", doing, err)
		}
		return data, nil
	}
}

// contentVersion is how the index of thumbnails names the content of a sheet: its CRC-32C, in base 36.
func contentVersion(data []byte) string {
	return strconv.FormatUint(uint64(media.Checksum(data)), 36)
}

// mp4Type is the media type of a rendition's segments.
func mp4Type(ref media.Ref) string {
	if ref.Kind == media.Audio {
		return typeAudio
	}
	return typeVideo
}

// entityTag is a strong validator of these very bytes. A segment that was evicted and made again may differ from its
// first making, and ranges of the two must not be put together; so the name alone would not do.
func entityTag(name string, data []byte) string {
	return bodyTag(name, media.InMemory(data, media.Checksum(data)))
}

func bodyTag(name string, body media.Body) string {
	return fmt.Sprintf(`"%s-%x-%08x"`, name, body.Size(), body.Sum())
}
