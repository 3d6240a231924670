// What is typed, ticked or chosen while an answer is on its way is newer than the answer: it stands in what is swapped in,
// too, with the caret where it was. Fields are known by their ids; cells of a grid by their rows (grid.js).
const FIELDS = "input[id]:not([data-cell], [type=file], [type=hidden]), select[id], textarea[id]";
const isTicked = (field) => field.type === "checkbox" || field.type === "radio";
const stateOf = (field) => (isTicked(field) ? field.checked : field.value);

/** What the server drew in a field. */
export function drawn(field) {
  if (field.tagName === "SELECT") return (field.querySelector("option[selected]") ?? field.options[0])?.value ?? "";
  return isTicked(field) ? field.defaultChecked : field.defaultValue;
}

// For a request on its way, by the fields' ids: what it told the server, else what the server drew.
const sentWith = new WeakMap();
let kept = null;

function isTold(field, { elt, formData }) {
  if (field.form && field.form !== elt.closest("form") && !elt.closest("[hx-include]")) return false;
  const isThere = formData.getAll(field.name).includes(field.value);
  return isTicked(field) ? isThere === field.checked : isThere;
}

function caretOf(field) {
  const { id, value, selectionStart: start, selectionEnd: end } = field;
  return { id, range: (start ?? null) === null ? null : [start, end], isWhole: Boolean(value) && start === 0 && end === value.length };
}

document.addEventListener("htmx:beforeRequest", ({ detail }) => {
  const told = [...document.querySelectorAll(FIELDS)].filter((field) => isTold(field, detail.requestConfig));
  sentWith.set(detail.xhr, new Map(told.map((field) => [field.id, stateOf(field)])));
});

document.addEventListener("htmx:beforeSwap", ({ detail }) => {
  if (!detail.shouldSwap) return;
  const sent = sentWith.get(detail.xhr) ?? new Map();
  const fields = [...document.querySelectorAll(FIELDS)];
  kept = {
    newer: fields.filter((field) => stateOf(field) !== (sent.has(field.id) ? sent.get(field.id) : drawn(field))),
    opened: [...document.querySelectorAll("details[id][open]")],
    caret: caretOf(document.activeElement),
  };
});

document.addEventListener("htmx:afterSwap", () => {
  if (!kept) return;
  const { newer, opened, caret } = kept;
  kept = null;
  for (const part of opened) document.getElementById(part.id)?.setAttribute("open", "");
  const now = caret.id && document.getElementById(caret.id);
  if (now && now !== document.activeElement) now.focus({ preventScroll: true });
  for (const old of newer) {
    const field = document.getElementById(old.id);
    if (!field || field === old) continue;
    if (isTicked(field)) field.checked = old.checked;
    else field.value = old.value;
    if (field === document.activeElement) field.dataset.late = "";
  }
  // htmx takes a selection that begins at the first letter for none: after Tab the next key would write beside the old value.
  if (!now || !caret.range || now !== document.activeElement) return;
  if (caret.isWhole) now.select();
  else now.setSelectionRange?.(...caret.range);
});

// What was put back raises no "change" of its own when it is left, unless something is typed after that.
document.addEventListener("change", ({ target }) => { delete target.dataset?.late; }, true);
document.addEventListener("focusout", ({ target }) => {
  if (kept || target.dataset?.late === undefined) return;
  delete target.dataset.late;
  htmx.trigger(target, "change");
});
