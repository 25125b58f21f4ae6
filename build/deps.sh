#!/bin/bash
# Installs the system packages that are missing, by apt, and says which and why. Does nothing where all are there.
#   deps.sh run    what building and running needs
#   deps.sh test   that, and what the tests need
set -euo pipefail

run=(
  "gcc|compiles the part that draws the window"
  "libc6-dev|the C library's headers, for the same"
  "pkg-config|finds the libraries below"
  "libgtk-3-dev|the window"
  "libwebkit2gtk-4.1-dev|the page in the window"
  "gstreamer1.0-plugins-good|lets the page play MP4"
  "gstreamer1.0-plugins-bad|lets the page play H.264 in pieces"
  "gstreamer1.0-libav|decodes H.264 and AAC in the page"
  "ffmpeg|reads and converts videos"
  "ca-certificates|lets Go and npm fetch over HTTPS"
)
tests=(
  "xvfb|a display for the tests of the window"
  "openbox|a window manager for them"
  "pcmanfm|a file manager, from which files are dragged"
  "xdotool|moves the mouse"
  "imagemagick|takes screenshots"
  "dbus|a session bus for the file manager"
  "git|tells whether generated files are up to date"
  "fonts-dejavu-core|text in screenshots"
)

for tool in go node npm; do
  if ! command -v $tool >/dev/null; then
    echo "“$tool” is not here. Install Go 1.26, Node 20.19 or newer, and make; the rest is installed by itself." >&2
    exit 1
  fi
done

. /etc/os-release 2>/dev/null || true
wanted=("${run[@]}")
if [ "${1:-run}" = test ]; then
  wanted+=("${tests[@]}")
  if [ "${ID:-}" = debian ]; then
    wanted+=("chromium|a browser that plays from the headless program" "firefox-esr|another one")
  fi
fi

if ! command -v dpkg-query >/dev/null || ! command -v apt-get >/dev/null; then
  echo "This is no Debian or Ubuntu, so nothing is installed. Needed are:" >&2
  printf '  %s\n' "${wanted[@]/|/: }" >&2
  exit 0
fi

missing=()
for entry in "${wanted[@]}"; do
  package=${entry%%|*}
  state=$(dpkg-query -W -f '${db:Status-Status} ' "$package" 2>/dev/null || true)
  case " $state" in
    *" installed "*) ;;
    *) missing+=("$entry") ;;
  esac
done
if [ ${#missing[@]} -eq 0 ]; then
  exit 0
fi

echo "Installing what is missing on this system:"
printf '  %s\n' "${missing[@]/|/: }"
root=()
if [ "$(id -u)" != 0 ]; then
  if ! command -v sudo >/dev/null; then
    echo "Neither root nor sudo is here. As root, run:" >&2
    echo "  apt-get install --no-install-recommends ${missing[*]%%|*}" >&2
    exit 1
  fi
  root=(sudo)
fi
"${root[@]}" apt-get update -q
"${root[@]}" env DEBIAN_FRONTEND=noninteractive \
  apt-get install -y -q --no-install-recommends "${missing[@]%%|*}" </dev/null
