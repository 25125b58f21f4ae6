package sniff

import (
	"bytes"
	"encoding/binary"
	"strings"
	"unicode/utf16"
	"unicode/utf8"
)

// textStarts are how text that is often dressed as a video begins, lower case, after white space. The first ones are
// scripts that a demuxer would follow to other files and hosts.
var textStarts = []struct{ start, what string }{
	{"#extm3u", "a playlist"},
	{"#ext-x-", "a playlist"},
	{"ffconcat version", "an ffconcat script"},
	{";ffmetadata", "a text file of metadata"},
	{"v=0\r", "a session description (SDP)"},
	{"v=0\n", "a session description (SDP)"},
	{"[playlist]", "a playlist"},
	{"[reference]", "a playlist"},
	{"[internetshortcut]", "a link to a web page"},
	{"rtsptext", "a playlist"},
	{"<asx", "a playlist"},
	{"<smil", "a playlist (SMIL)"},
	{"<mpd", "a playlist (DASH)"},
	{"<smoothstreamingmedia", "a playlist (Smooth Streaming)"},
	{"webvtt", "a subtitle file"},
	{"[script info]", "a subtitle file"},
	{"{\\rtf", "a text document"},
	{"<!doctype html", "a web page"},
	{"<html", "a web page"},
	{"<svg", "an image (SVG)"},
	{"#!amr", "a sound file without pictures (AMR)"},
	{"#!", "a script"},
	{"<?php", "a script"},
	{"%pdf", "a PDF document"},
	{"%!ps", "a PostScript document"},
	{"ply\n", "a 3D model"},
	{"rtsp://", "a list of addresses"},
	{"http://", "a list of addresses"},
	{"https://", "a list of addresses"},
	{"magnet:", "a list of addresses"},
	{"d8:announce", "a torrent file"},
}

// xmlRoots tell what an XML document is, by the name of an element near its start.
var xmlRoots = []struct{ element, what string }{
	{"<mpd", "a playlist (DASH)"},
	{"<smil", "a playlist (SMIL)"},
	{"<smoothstreamingmedia", "a playlist (Smooth Streaming)"},
	{"<playlist", "a playlist (XSPF)"},
	{"<asx", "a playlist"},
	{"<svg", "an image (SVG)"},
	{"<html", "a web page"},
	{"<tt", "a subtitle file"},
}

// disguise recognises text, whatever byte order mark, encoding or white space it begins with.
func disguise(head []byte) string {
	text, isUTF16 := decode(head)
	text = bytes.TrimLeft(text, " \t\r\n\v\f\x00")
	start := strings.ToLower(string(text[:min(len(text), 2048)]))
	for _, s := range textStarts {
		if strings.HasPrefix(start, s.start) {
			return s.what
		}
	}
	if strings.HasPrefix(start, "<?xml") || strings.HasPrefix(start, "<!--") {
		for _, r := range xmlRoots {
			if strings.Contains(start, r.element) {
				return r.what
			}
		}
		return "an XML document"
	}
	if !isUTF16 && !isText(head) {
		return ""
	}
	switch {
	case strings.HasPrefix(start, "<"):
		for _, r := range xmlRoots {
			if strings.Contains(start, r.element) {
				return r.what
			}
		}
		return "an XML document"
	case strings.Contains(start, "#extinf") || strings.Contains(start, "#extm3u"):
		return "a playlist"
	case strings.HasPrefix(start, "file ") && strings.ContainsAny(start, "'/\\."):
		return "an ffconcat script"
	case strings.Contains(start, "\nm=video ") || strings.Contains(start, "\nm=audio "):
		return "a session description (SDP)"
	case strings.Contains(start, " --> "):
		return "a subtitle file"
	default:
		return "a text file"
	}
}

// decode gives UTF-16 as UTF-8, and takes a byte order mark off.
func decode(head []byte) (text []byte, isUTF16 bool) {
	var order binary.ByteOrder
	switch {
	case bytes.HasPrefix(head, []byte("\xef\xbb\xbf")):
		return head[3:], false
	case bytes.HasPrefix(head, []byte("\xff\xfe")):
		order, head = binary.LittleEndian, head[2:]
	case bytes.HasPrefix(head, []byte("\xfe\xff")):
		order, head = binary.BigEndian, head[2:]
	case looksUTF16(head, 1):
		order = binary.LittleEndian
	case looksUTF16(head, 0):
		order = binary.BigEndian
	default:
		return head, false
	}
	units := make([]uint16, len(head)/2)
	for i := range units {
		units[i] = order.Uint16(head[i*2:])
	}
	text = []byte(string(utf16.Decode(units)))
	return text, isText(text)
}

// looksUTF16 says whether head is plain text with a zero in every second byte, from byte zero on.
func looksUTF16(head []byte, zero int) bool {
	n := min(len(head)&^1, 64)
	if n < 8 {
		return false
	}
	for i := range n {
		if i%2 == zero != (head[i] == 0) {
			return false
		}
	}
	return true
}

// isText says whether p is text in UTF-8 or a single-byte encoding: no control characters but white space.
func isText(p []byte) bool {
	p = bytes.TrimPrefix(p, []byte("\xef\xbb\xbf"))
	high, bad := 0, 0
	for i := 0; i < len(p); {
		c := p[i]
		switch {
		case c < ' ' && c != '\t' && c != '\n' && c != '\r' && c != '\f' && c != 0x1b || c == 0x7f:
			return false
		case c < utf8.RuneSelf:
			i++
			continue
		}
		high++
		r, n := utf8.DecodeRune(p[i:])
		if r == utf8.RuneError && n <= 1 && (len(p) < HeadBytes-3 || utf8.FullRune(p[i:])) {
			bad++
		}
		i += n
	}
	// Letters of another encoding are a part of a text, hardly ever the most of it.
	return bad == 0 || high*2 < len(p)
}
