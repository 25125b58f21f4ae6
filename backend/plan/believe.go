package plan

import (
	"regexp"
	"strconv"
	"strings"

	"dropstream/backend/media"
)

// Believe is what a player that says it can do what claims says can really do: engines are known that say more than is
// true. Agent is its User-Agent.
func Believe(agent string, claims media.Client) media.Client {
	const hevc = media.PlaysHEVC | media.PlaysHEVC10
	switch {
	case strings.Contains(agent, "Firefox/"):
		// Firefox plays HEVC from 134 on, and on Windows says that it does where no decoder is installed
		// (hls.js, src/utils/user-agent.ts).
		if agentVersion(agent, firefoxVersion) < firefoxHEVC || strings.Contains(agent, "Windows") {
			claims &^= hevc
		}
		if !strings.Contains(agent, "Macintosh") { // it shows HDR as such on macOS only (jellyfin-web)
			claims &^= media.ShowsHDR
		}
	case strings.Contains(agent, "Android"):
		claims &^= media.PlaysAV1 | media.PlaysAV110 // in software, and too slowly (jellyfin-web)
	case webKitGTK(agent):
		claims &^= media.ShowsHDR // GStreamer's sinks show it as it comes, washed out
		// AV1 stands still after seeks (WebKitGTK 2.50 with GStreamer 1.22, the window's own test).
		claims &^= media.PlaysAV1 | media.PlaysAV110
	}
	return claims
}

const firefoxHEVC = 134

var firefoxVersion = regexp.MustCompile(`Firefox/(\d{1,5})`)

// agentVersion gives the number that a pattern finds, 0 when there is none.
func agentVersion(agent string, pattern *regexp.Regexp) int {
	m := pattern.FindStringSubmatch(agent)
	if m == nil {
		return 0
	}
	n, err := strconv.Atoi(m[1])
	if err != nil {
		return 0
	}
	return n
}

// webKitGTK says whether an agent is WebKit on Linux: its own window there, or Epiphany.
func webKitGTK(agent string) bool {
	return strings.Contains(agent, "AppleWebKit/") && strings.Contains(agent, "Linux") &&
		!strings.Contains(agent, "Chrome/") && !strings.Contains(agent, "Android")
}
