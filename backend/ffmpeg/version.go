package ffmpeg

import (
	"regexp"
	"strconv"
	"strings"
)

// versionNumber is the number in a version such as "5.1.9-0+deb12u1", "n7.1" or "8.1.2-full_build-www.gyan.dev".
var versionNumber = regexp.MustCompile(`^n?(\d{1,3})\.(\d{1,3})(?:\.(\d{1,3}))?(?:[^\d.]|$)`)

// The sentences about old versions.
const (
	adviceOld = "This ffmpeg is older than the versions in which known security holes are closed: " +
		"8.1.2, 8.0.3 or 7.1.5. Install a newer one when you can."
	adviceDistribution = "This ffmpeg is an older version that its distribution keeps patched. " +
		"Keep the system's security updates on."
	adviceUnknown = "The age of this ffmpeg is not known. Use 8.1.2 or newer."
)

// setVersion reads the version the binary says, and judges it.
func (t *Tools) setVersion(version string) {
	t.Version = version
	m := versionNumber.FindStringSubmatch(version)
	if m == nil {
		t.BelowSecurityFloor, t.FloorAdvice = true, adviceUnknown
		return
	}
	t.Major, _ = strconv.Atoi(m[1])
	t.Minor, _ = strconv.Atoi(m[2])
	t.Patch, _ = strconv.Atoi(m[3]) // "" gives 0
	if aboveFloor(t.Major, t.Minor, t.Patch) {
		return
	}
	t.BelowSecurityFloor, t.FloorAdvice = true, adviceOld
	if strings.Contains(version, "deb") || strings.Contains(version, "ubuntu") {
		t.FloorAdvice = adviceDistribution
	}
}

// aboveFloor says whether a version has the fix of CVE-2026-8461: 8.1.2, and the branches it was brought to.
func aboveFloor(major, minor, patch int) bool {
	switch {
	case major != 8 && major != 7:
		return major > 8
	case major == 7:
		return minor == 1 && patch >= 5
	case minor == 0:
		return patch >= 3
	case minor == 1:
		return patch >= 2
	}
	return true
}
