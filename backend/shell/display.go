package shell

import (
	"cmp"
	"os"
	"path/filepath"
	"strings"
)

// Acceleration says when the webview uses the graphics card.
type Acceleration string

// The accelerations; they are also what DROPSTREAM_GPU may say.
const (
	Never    Acceleration = "never"
	OnDemand Acceleration = "ondemand"
	Always   Acceleration = "always"
)

// ChooseAcceleration is what DROPSTREAM_GPU says, for people whose window stays black and who can reach no setting;
// otherwise on demand where a graphics card can be opened, and never where not (a virtual machine, a remote
// session), where asking for it gives an empty window.
func ChooseAcceleration(override string, usable func() bool) Acceleration {
	switch a := Acceleration(strings.ToLower(override)); a {
	case Never, OnDemand, Always:
		return a
	}
	if usable() {
		return OnDemand
	}
	return Never
}

// RenderNode says whether a graphics card's render node can be opened.
func RenderNode() bool {
	nodes, err := filepath.Glob("/dev/dri/renderD*")
	if err != nil { // only a bad pattern
		return false
	}
	for _, node := range nodes {
		if file, err := os.OpenFile(node, os.O_RDWR, 0); err == nil {
			return file.Close() == nil
		}
	}
	return false
}

// Environment is what WebKitGTK has to find in its environment where that differs from what is there; a value of ""
// is to be unset. With NVIDIA's driver its DMA-BUF renderer shows nothing; what a person has set stays. In the C
// locale, the usual one in containers and services, it gives the page the language "C", which is none that
// JavaScript knows: every number and date in the page would throw.
func Environment(getenv func(string) string, nvidia bool) map[string]string {
	const noDMABUF = "WEBKIT_DISABLE_DMABUF_RENDERER"
	env := map[string]string{}
	if nvidia && getenv(noDMABUF) == "" {
		env[noDMABUF] = "1"
	}
	locale := cmp.Or(getenv("LC_ALL"), getenv("LC_MESSAGES"), getenv("LANG"), "C")
	if name, _, _ := strings.Cut(locale, "."); name == "C" || name == "POSIX" {
		env["LC_ALL"], env["LC_MESSAGES"], env["LANG"] = "", "", "en_US.UTF-8"
	}
	return env
}

// Nvidia says whether NVIDIA's kernel driver is loaded.
func Nvidia() bool {
	_, err := os.Stat("/sys/module/nvidia")
	return err == nil
}

// Background is the page's --bg before there is a page, as red, green and blue: of the dark look where the desktop's
// GTK theme is named as a dark one, and otherwise of the light look, which is GTK's own default.
func Background(gtkTheme string) (r, g, b uint8) {
	if strings.Contains(strings.ToLower(gtkTheme), "dark") {
		return 0x09, 0x0f, 0x13 // oklch(0.165 0.012 235)
	}
	return 0xf8, 0xfa, 0xfc // oklch(0.985 0.003 235)
}
