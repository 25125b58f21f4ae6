// Package window holds the tests of the real window: the built program under Xvfb and a window manager, with files
// dragged from a real file manager. What the page shows is asked through WebKit's inspector, so that the very program
// that ships is tested. They need the build tag "window" and the program in build/bin (DROPSTREAM_BIN names another).
package window
