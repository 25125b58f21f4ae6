package stream

import (
	"bytes"
	"io"
	"testing"

	"dropstream/backend/cache"
	"dropstream/backend/media"
)

// TestBody: whatever way a segment is sent, from memory or from its pack, it is the same, also in part.
func TestBody(t *testing.T) {
	e, ti := prepared(t, clip(t, "body.mkv", "-f", "lavfi", "-i", "testsrc2=s=640x360:r=25:d=6,noise=alls=60:allf=t",
		"-c:v", "mpeg4", "-q:v", "2", "-g", "50"))
	o := ti.offer(0)
	ref := media.Ref{
		Item: ti.src.ItemID, Kind: media.Video, Rendition: o.rungs[0].Name, Plan: ti.videoPlan(o.rungs[0]),
	}
	want, err := e.Segment(t.Context(), ref, 1)
	if err != nil {
		t.Fatal(err)
	}
	if len(want) <= fromMemory {
		t.Fatalf("a segment of %d bytes shows nothing", len(want))
	}
	if _, err := e.Segment(t.Context(), ref, 2); err != nil { // by then the one before it is on disk
		t.Fatal(err)
	}
	for _, from := range []string{"pack", "memory"} {
		b, err := e.Body(t.Context(), ref, 1)
		if err != nil {
			t.Fatal(err)
		}
		if _, packed := b.(*cache.Section); packed != (from == "pack") {
			t.Errorf("from %s: %T", from, b)
		}
		if b.Size() != int64(len(want)) || b.Sum() != media.Checksum(want) {
			t.Errorf("from %s: %d bytes, checksum %08x", from, b.Size(), b.Sum())
		}
		var out bytes.Buffer
		if n, err := b.Send(&out, 1000); n != 1000 || err != nil {
			t.Errorf("from %s: sent %d, %v", from, n, err)
		}
		if _, err := io.CopyN(&out, b, 1000); err != nil {
			t.Error(err)
		}
		if n, err := b.Send(&out, 1<<30); n != int64(len(want)-2000) || err != nil {
			t.Errorf("from %s: sent %d, %v", from, n, err)
		}
		if !bytes.Equal(out.Bytes(), want) {
			t.Errorf("from %s: other bytes", from)
		}
		if err := b.Close(); err != nil {
			t.Error(err)
		}
		if err := e.cache.RemoveTitle(ref.Item); err != nil {
			t.Fatal(err)
		}
	}
}
