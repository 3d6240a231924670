// The place of an error is underlined in the formula itself: a layer over the field repeats its text unseen, with a mark.
// The button below the field ([data-formula-go]) puts the cursor there.
const fieldOf = (inside) => inside.closest("[data-formula]").querySelector("textarea");

function layerOf(field) {
  if (field.parentElement.matches(".formula-box")) return field.previousElementSibling;
  const box = document.createElement("div");
  const layer = document.createElement("div");
  box.className = "formula-box";
  layer.setAttribute("aria-hidden", "true");
  layer.dataset.marks = "";
  const isFocused = document.activeElement === field;
  field.before(box);
  box.append(layer, field);
  if (isFocused) field.focus();
  return layer;
}

function paint(field, place) {
  const layer = layerOf(field);
  layer.replaceChildren();
  field.toggleAttribute("data-wrong", Boolean(place));
  if (place) field.setAttribute("aria-invalid", "true");
  else if (!field.closest(".field").dataset.invalid) field.removeAttribute("aria-invalid");
  if (!place) return;
  const [start, end] = [Number(place.dataset.start), Number(place.dataset.end)];
  const mark = document.createElement("mark");
  // Where something is missing there is nothing to underline but a gap.
  mark.textContent = field.value.slice(start, end) || "\u00a0\u00a0";
  layer.append(field.value.slice(0, start), mark, field.value.slice(end), "\u200b");
  layer.scrollTop = field.scrollTop;
}

document.addEventListener("htmx:load", (event) => {
  const area = event.detail.elt.querySelector?.("[data-formula] textarea");
  if (area) layerOf(area);
});
document.addEventListener("htmx:afterSwap", (event) => {
  const check = event.detail.target;
  if (check?.id === "formula-check") paint(fieldOf(check), check.querySelector("[data-formula-place]"));
});
// What is typed moves everything behind it: no mark until the next answer.
document.addEventListener("input", (event) => {
  const field = event.target.closest?.("[data-formula] textarea");
  if (field) paint(field, null);
});
document.addEventListener("scroll", (event) => {
  if (event.target.matches?.(".formula-box > textarea")) event.target.previousElementSibling.scrollTop = event.target.scrollTop;
}, true);
document.addEventListener("click", (event) => {
  const button = event.target.closest("[data-formula-go]");
  if (!button) return;
  const field = fieldOf(button);
  const { start, end } = button.closest("[data-formula-place]").dataset;
  field.focus();
  field.setSelectionRange(Number(start), Number(end));
});
