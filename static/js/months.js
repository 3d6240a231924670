// [data-months], the field "Month by month": what is typed or pinned while an answer is on its way stands in the answer, too.
const inputsOf = (root) => [...root.querySelectorAll("[data-months] input[id]")];
const stateOf = (input) => (input.type === "checkbox" ? input.checked : input.value);
let sent = null;
let kept = null;

document.addEventListener("htmx:beforeRequest", (event) => {
  const asker = event.detail.elt;
  if (!asker.closest("[data-months]")) return;
  sent = new Map(inputsOf(document).map((input) => [input.id, stateOf(input)]));
  // What is being typed somewhere else goes along, but is not what this request is about: the answer knows nothing of it.
  const open = document.activeElement;
  if (open !== asker && open?.matches("[data-months] input[type=text]")) sent.set(open.id, open.defaultValue);
});

document.addEventListener("htmx:beforeSwap", (event) => {
  if (!sent || !event.detail.target?.closest("[data-months]")) return;
  kept = inputsOf(document).filter((input) => sent.has(input.id) && sent.get(input.id) !== stateOf(input));
  sent = null;
});

document.addEventListener("htmx:afterSwap", () => {
  for (const input of kept ?? []) {
    const now = document.getElementById(input.id);
    if (!now) continue;
    if (now.type === "checkbox") now.checked = input.checked;
    else Object.assign(now, { value: input.value }).dataset.late = "";
  }
  kept = null;
});

// What was put back raises no "change" of its own when it is left.
document.addEventListener("focusout", ({ target }) => {
  if (!target.matches?.("[data-months] input[data-late]")) return;
  delete target.dataset.late;
  setTimeout(() => { if (target.isConnected) htmx.trigger(target, "change"); });
});
