// <select data-combobox> becomes a field one types into to search, with or without accents. Without a script it stays a select.
import { element, listbox } from "./listbox.js";
import { word } from "./words.js";

const fold = (text) => text.toLowerCase().replaceAll("đ", "d").normalize("NFD").replace(/\p{M}/gu, "");
const SHOWN = 50;
let count = 0;

function enhance(select) {
  const id = `combobox-${(count += 1)}`;
  const label = select.labels[0];
  const box = element("div", { class: "combobox" });
  const input = element("input", {
    type: "text", class: "input", id: `${id}-input`, role: "combobox", autocomplete: "off",
    "aria-expanded": "false", "aria-controls": `${id}-list`, "aria-autocomplete": "list",
  });
  const list = element("div", { id: `${id}-list`, role: "listbox", hidden: "" });
  for (const name of ["aria-describedby", "aria-invalid", "aria-label"]) {
    if (select.hasAttribute(name)) input.setAttribute(name, select.getAttribute(name));
  }
  if (label) {
    label.htmlFor = input.id;
    list.setAttribute("aria-label", label.textContent.trim());
  }
  input.disabled = select.disabled;
  input.placeholder = [...select.options].find((option) => !option.value)?.text.replace(/^-+$/, "") ?? "";
  select.hidden = true;
  select.required = false;
  select.after(box);
  box.append(input, list);

  const choices = [...select.options].filter((option) => option.value);
  const restore = () => { input.value = select.selectedOptions[0]?.value ? select.selectedOptions[0].text : ""; };
  const pick = (index) => {
    select.selectedIndex = index;
    select.dispatchEvent(new Event("change", { bubbles: true }));
    select.dispatchEvent(new Event("input", { bubbles: true }));
    restore();
  };
  const below = listbox(input, list, { open: () => open(""), choose: (option) => pick(Number(option.dataset.index)), restore });
  const open = (query) => {
    const wanted = fold(query).split(/\s+/).filter(Boolean);
    const found = choices.filter((choice) => wanted.every((part) => fold(choice.text).includes(part))).slice(0, SHOWN);
    list.replaceChildren(...found.map((choice) => element("div", {
      role: "option", id: `${id}-${choice.index}`, "data-index": choice.index, "aria-selected": "false",
    }, choice.text)));
    if (!found.length) list.append(element("div", { role: "option", "aria-disabled": "true", class: "muted" }, word("noMatch")));
    below.show(list.querySelector(`[data-index="${select.selectedIndex}"]`));
  };

  input.addEventListener("focus", () => input.select());
  input.addEventListener("click", () => { if (list.hidden) open(""); });
  input.addEventListener("input", () => open(input.value));
  input.addEventListener("blur", () => {
    // Emptied on purpose: no choice, where the list has an empty one. Otherwise what was chosen shows again.
    const empty = [...select.options].find((option) => !option.value);
    if (!input.value.trim() && empty && select.value) pick(empty.index);
    restore();
    below.close();
  });
  restore();
}

const enhanceAll = (root) => root.querySelectorAll("select[data-combobox]:not([hidden])").forEach(enhance);
enhanceAll(document);
document.addEventListener("htmx:afterSettle", (event) => enhanceAll(event.detail.elt.parentElement ?? document));
