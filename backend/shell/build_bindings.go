//go:build bindings

package shell

// GeneratesBindings says whether this build only writes the page's bindings and ends. It must then do nothing else.
const GeneratesBindings = true
