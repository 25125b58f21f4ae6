package httpd

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"testing"

	"dropstream/backend/media"
)

// BenchmarkSegment measures what serving a ready segment costs, client included.
func BenchmarkSegment(b *testing.B) {
	for _, size := range []int{60_000, 750_000} {
		b.Run(fmt.Sprintf("%d", size), func(b *testing.B) {
			data := make([]byte, size)
			s := New(Options{MediaToken: mediaToken, Media: &engine{
				segment: func(context.Context, media.Ref, int) ([]byte, error) { return data, nil },
			}})
			srv := httptest.NewServer(s.Handler())
			defer srv.Close()
			url := srv.URL + "/m/" + mediaToken + "/i/v/720p/plan/1.m4s"
			b.SetBytes(int64(size))
			for b.Loop() {
				resp, err := http.Get(url)
				if err != nil {
					b.Fatal(err)
				}
				if n, err := io.Copy(io.Discard, resp.Body); err != nil || n != int64(size) {
					b.Fatalf("%d bytes, %v", n, err)
				}
				_ = resp.Body.Close()
			}
			http.DefaultClient.CloseIdleConnections()
		})
	}
}
