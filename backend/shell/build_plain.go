//go:build !desktop && !dev

package shell

// HasWindow says whether this build can open a window. The build tags are the toolkit's.
const HasWindow = false
