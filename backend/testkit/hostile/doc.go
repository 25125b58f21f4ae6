// Package hostile makes files that mean harm: scripts and playlists dressed as videos, videos that name other files and
// hosts, tables and headers that claim more than there is, and names with every nasty character. The suite drops each
// on the program and watches what it touches.
package hostile
