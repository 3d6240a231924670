// <select data-combobox> becomes a field one types into to search, with or without accents. Without a script it stays a select.
import { word } from "./words.js";

const fold = (text) => text.toLowerCase().replaceAll("đ", "d").normalize("NFD").replace(/\p{M}/gu, "");
const SHOWN = 50;
let count = 0;

function element(tag, attributes) {
  const made = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) made.setAttribute(name, value);
  return made;
}

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
  const current = () => list.querySelector("[aria-selected=true]");
  const show = () => { input.value = select.selectedOptions[0]?.value ? select.selectedOptions[0].text : ""; };
  const close = () => {
    list.hidden = true;
    input.setAttribute("aria-expanded", "false");
    input.removeAttribute("aria-activedescendant");
  };
  const mark = (option) => {
    current()?.setAttribute("aria-selected", "false");
    option?.setAttribute("aria-selected", "true");
    option?.scrollIntoView({ block: "nearest" });
    if (option) input.setAttribute("aria-activedescendant", option.id);
  };
  const open = (query) => {
    const wanted = fold(query).split(/\s+/).filter(Boolean);
    const found = choices.filter((choice) => wanted.every((part) => fold(choice.text).includes(part))).slice(0, SHOWN);
    list.replaceChildren(...found.map((choice) => {
      const option = element("div", { role: "option", id: `${id}-${choice.index}`, "data-index": choice.index, "aria-selected": "false" });
      option.textContent = choice.text;
      return option;
    }));
    if (!found.length) {
      const none = element("div", { role: "option", "aria-disabled": "true", class: "muted" });
      none.textContent = word("noMatch");
      list.append(none);
    }
    list.hidden = false;
    input.setAttribute("aria-expanded", "true");
    mark(list.querySelector(`[data-index="${select.selectedIndex}"]`) ?? list.querySelector("[data-index]"));
  };
  const choose = (option) => {
    if (!option?.dataset.index) return;
    select.selectedIndex = Number(option.dataset.index);
    select.dispatchEvent(new Event("change", { bubbles: true }));
    select.dispatchEvent(new Event("input", { bubbles: true }));
    show();
    close();
  };

  input.addEventListener("focus", () => input.select());
  input.addEventListener("click", () => { if (list.hidden) open(""); });
  input.addEventListener("input", () => open(input.value));
  input.addEventListener("blur", () => {
    // Emptied on purpose: no choice, where the list has an empty one. Otherwise what was chosen shows again.
    const empty = [...select.options].find((option) => !option.value);
    if (!input.value.trim() && empty && select.value) choose(Object.assign(element("div", { "data-index": empty.index })));
    show();
    close();
  });
  input.addEventListener("keydown", (event) => {
    const options = [...list.querySelectorAll("[data-index]")];
    if (event.key === "ArrowDown" || event.key === "ArrowUp") {
      event.preventDefault();
      if (list.hidden) return open("");
      const step = event.key === "ArrowDown" ? 1 : -1;
      mark(options[(options.indexOf(current()) + step + options.length) % options.length]);
    } else if (event.key === "Enter" && !list.hidden) {
      event.preventDefault();
      choose(current());
    } else if (event.key === "Escape" && !list.hidden) {
      event.preventDefault();
      event.stopPropagation();
      show();
      close();
    }
  });
  list.addEventListener("mousedown", (event) => {
    event.preventDefault();
    choose(event.target.closest("[role=option]"));
  });
  show();
}

const enhanceAll = (root) => root.querySelectorAll("select[data-combobox]:not([hidden])").forEach(enhance);
enhanceAll(document);
document.addEventListener("htmx:afterSettle", (event) => enhanceAll(event.detail.elt.parentElement ?? document));
