// Forms: a filter that sends itself, boxes that tick a whole table, and a warning before typed work is left behind.
document.addEventListener("change", (event) => {
  const field = event.target;
  if (field.matches("[data-submit]")) field.form.requestSubmit();
  if (field.matches("[data-check-all]")) {
    for (const box of field.closest("form, table").querySelectorAll("[data-check-one]:not(:disabled)")) box.checked = field.checked;
  }
  if (field.matches("[data-check-all], [data-check-one]")) showChosen(field.closest("form"));
});

// <output data-chosen> shows how many are ticked; buttons marked data-needs-chosen wait for the first.
function showChosen(form) {
  if (!form) return;
  const chosen = form.querySelectorAll("[data-check-one]:checked").length;
  for (const shown of form.querySelectorAll("[data-chosen]")) shown.textContent = chosen;
  for (const button of form.querySelectorAll("[data-needs-chosen]")) button.disabled = !chosen;
}

const unsaved = new Set();

document.addEventListener("input", (event) => {
  const form = event.target.closest?.("form[data-unsaved]");
  if (form) unsaved.add(form);
});
document.addEventListener("submit", (event) => unsaved.delete(event.target));
window.addEventListener("beforeunload", (event) => {
  if ([...unsaved].some((form) => form.isConnected)) event.preventDefault();
});
