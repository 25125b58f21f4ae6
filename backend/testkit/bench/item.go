package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"
	"time"

	"dropstream/backend/api"
)

// item is an item in the library, with its renditions.
type item struct {
	api.Item
	renditions []rendition // as the multivariant playlist names them: the best one first
}

// rendition is a media playlist.
type rendition struct {
	url      *url.URL
	init     string
	segments []string // URLs
	seconds  []string // EXTINF, as written
}

// transcoded is the best rendition that is encoded, or the last one where none is.
func (i *item) transcoded() rendition {
	for _, r := range i.renditions {
		if !strings.Contains(r.url.Path, "/v/original/") {
			return r
		}
	}
	return i.renditions[len(i.renditions)-1]
}

// best is the rendition that a player starts with.
func (i *item) best() rendition { return i.renditions[0] }

// fresh drops a file that the library does not have, and reads its playlists; took is what the drop took.
func (b *bench) fresh(path string) (it *item, took time.Duration, err error) {
	started := time.Now()
	added, err := b.program.Add(b.ctx, path)
	took = time.Since(started)
	if err != nil {
		return nil, 0, err
	}
	if added.Item == nil || added.Item.URL == "" {
		return nil, 0, fmt.Errorf("%s does not play: %+v", path, added.Problem)
	}
	it = &item{Item: *added.Item}
	base, err := url.Parse(it.URL)
	if err != nil {
		return nil, 0, fmt.Errorf("read URL: %w", err)
	}
	text, err := b.get(it.URL)
	if err != nil {
		return nil, 0, err
	}
	for line := range strings.SplitSeq(string(text), "\n") {
		if line == "" || strings.HasPrefix(line, "#") {
			continue
		}
		r, err := b.rendition(base, line)
		if err != nil {
			return nil, 0, err
		}
		it.renditions = append(it.renditions, r)
	}
	if len(it.renditions) == 0 {
		return nil, 0, errors.New("no variant")
	}
	return it, took, nil
}

// rendition reads a media playlist.
func (b *bench) rendition(base *url.URL, uri string) (r rendition, err error) {
	ref, err := url.Parse(uri)
	if err != nil {
		return r, fmt.Errorf("read URI: %w", err)
	}
	r.url = base.ResolveReference(ref)
	text, err := b.get(r.url.String())
	if err != nil {
		return r, err
	}
	for line := range strings.SplitSeq(string(text), "\n") {
		switch {
		case strings.HasPrefix(line, "#EXTINF:"):
			r.seconds = append(r.seconds, strings.TrimSuffix(strings.TrimPrefix(line, "#EXTINF:"), ","))
		case strings.HasPrefix(line, "#EXT-X-MAP:URI="):
			r.init = r.url.ResolveReference(&url.URL{Path: strings.Trim(line[len("#EXT-X-MAP:URI="):], `"`)}).String()
		case line != "" && !strings.HasPrefix(line, "#"):
			r.segments = append(r.segments, r.url.ResolveReference(&url.URL{Path: line}).String())
		}
	}
	return r, nil
}

// forget removes an item, with all that was cached of it.
func (b *bench) forget(it *item) error { return b.program.Remove(b.ctx, it.ID) }

// get asks for a URL until it is there.
func (b *bench) get(address string) ([]byte, error) {
	for {
		data, status, err := getOnce(b.ctx, address)
		if err != nil {
			return nil, err
		}
		switch status {
		case http.StatusOK:
			return data, nil
		case http.StatusServiceUnavailable: // after a wait of its own
		default:
			return nil, fmt.Errorf("%s: HTTP %d: %.200s", address, status, data)
		}
	}
}

func getOnce(ctx context.Context, address string) ([]byte, int, error) {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, address, http.NoBody)
	if err != nil {
		return nil, 0, fmt.Errorf("ask: %w", err)
	}
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		return nil, 0, fmt.Errorf("ask: %w", err)
	}
	defer func() { _ = resp.Body.Close() }()
	data, err := io.ReadAll(resp.Body)
	if err != nil {
		return nil, 0, fmt.Errorf("read answer: %w", err)
	}
	return data, resp.StatusCode, nil
}

// timed asks for a segment and gives its bytes and how long it took.
func (b *bench) timed(address string) ([]byte, time.Duration, error) {
	started := time.Now()
	data, err := b.get(address)
	return data, time.Since(started), err
}
