/**
 * Keeps a drop from replacing the page. WebKitGTK follows a dropped file unless both dragover and drop are refused,
 * and it does not say that files are being dragged in the way the shell's own guard expects: so everything is
 * refused, always. Imported for its effect, before anything else.
 */
function refuse(event: Event): void {
  event.preventDefault();
}
window.addEventListener('dragover', refuse);
window.addEventListener('drop', refuse);

// Nothing in the page is dragged by HTML: after a cancelled drag of files, a drag of the page's own would deliver the
// cancelled files as a drop (WebKitGTK shell).
window.addEventListener('dragstart', refuse);
