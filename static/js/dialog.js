// <button data-dialog-open="id"> opens <dialog id="id">; data-dialog-close, Esc and a click outside close it.
export function openDialog(dialog) {
  if (dialog.open) return;
  dialog.showModal();
  dialog.dispatchEvent(new CustomEvent("dialog:open"));
}

document.addEventListener("click", (event) => {
  const opener = event.target.closest?.("[data-dialog-open]");
  if (opener) openDialog(document.getElementById(opener.dataset.dialogOpen));
  if (event.target.closest?.("[data-dialog-close]")) event.target.closest("dialog").close();
  // A click that hits the dialog itself, and none of its content, is a click on the backdrop.
  if (event.target.matches?.("dialog[open]")) event.target.close();
});

// A dialog that came back with errors, or that an htmx part brought, is shown at once.
const showWaiting = (root) => root.querySelectorAll?.("dialog[data-open]").forEach(openDialog);
showWaiting(document);
document.addEventListener("htmx:afterSettle", (event) => showWaiting(event.detail.elt.parentElement ?? document));
