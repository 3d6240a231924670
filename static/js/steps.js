// <form data-steps>: its [data-step] sections one at a time. Enter in a one-line field and Ctrl-Enter go on, Ctrl-Shift-Enter
// goes back; a form that came back with errors opens at the first of them. Without this script all sections stand there.
const sectionsOf = (form) => [...form.querySelectorAll("[data-step]")];
const current = (form) => sectionsOf(form).findIndex((section) => !section.hidden);

function show(form, index, focus = true) {
  const sections = sectionsOf(form);
  const wanted = Math.max(0, Math.min(index, sections.length - 1));
  sections.forEach((section, place) => { section.hidden = place !== wanted; });
  for (const bar of form.querySelectorAll("[data-steps-bar]")) bar.hidden = false;
  form.querySelector("[data-step-number]").textContent = wanted + 1;
  form.querySelector("[data-step-progress]").value = wanted + 1;
  form.querySelector("[data-step-back]").disabled = wanted === 0;
  form.querySelector("[data-step-next]").hidden = wanted === sections.length - 1;
  if (!focus) return;
  const field = sections[wanted].querySelector("input:not([type=hidden]), select, textarea");
  (field ?? sections[wanted].querySelector("h2")).focus();
}

for (const form of document.querySelectorAll("form[data-steps]")) {
  const wrong = sectionsOf(form).findIndex((section) => section.querySelector("[aria-invalid=true], [data-invalid=true], [role=alert]"));
  show(form, Math.max(0, wrong));
}

document.addEventListener("click", (event) => {
  const form = event.target.closest?.("form[data-steps]");
  if (event.target.closest?.("[data-step-next]")) show(form, current(form) + 1);
  if (event.target.closest?.("[data-step-back]")) show(form, current(form) - 1);
});

document.addEventListener("keydown", (event) => {
  const form = event.target.closest?.("form[data-steps]");
  if (!form || event.key !== "Enter" || event.defaultPrevented || event.isComposing) return;
  const isLine = event.target.matches("input:not([type=checkbox])");
  if (!event.ctrlKey && !isLine) return;
  const last = current(form) === sectionsOf(form).length - 1;
  // On the last question Enter in a field saves, as in any form.
  if (last && !event.ctrlKey) return;
  event.preventDefault();
  if (last && !event.shiftKey) form.requestSubmit();
  else show(form, current(form) + (event.shiftKey ? -1 : 1));
});
