// A list below a field: arrows, Enter, Escape and the pointer. Whoever uses it fills the list and takes what was chosen.
export function listbox(input, list, { open, choose, restore }) {
  const options = () => [...list.querySelectorAll("[role=option]:not([aria-disabled])")];
  const current = () => list.querySelector("[aria-selected=true]");
  const mark = (option) => {
    current()?.setAttribute("aria-selected", "false");
    option?.setAttribute("aria-selected", "true");
    option?.scrollIntoView({ block: "nearest" });
    if (option) input.setAttribute("aria-activedescendant", option.id);
    else input.removeAttribute("aria-activedescendant");
  };
  const close = () => {
    list.hidden = true;
    input.setAttribute("aria-expanded", "false");
    input.removeAttribute("aria-activedescendant");
  };
  const show = (marked) => {
    list.hidden = false;
    input.setAttribute("aria-expanded", "true");
    list.scrollIntoView({ block: "nearest" });
    mark(marked ?? options()[0]);
  };
  const take = (option) => {
    if (!option || option.hasAttribute("aria-disabled")) return;
    choose(option);
    close();
  };
  const step = (by) => {
    const found = options();
    if (found.length) mark(found[(found.indexOf(current()) + by + found.length) % found.length]);
  };

  input.addEventListener("keydown", (event) => {
    if (event.key === "ArrowDown" || event.key === "ArrowUp") {
      event.preventDefault();
      if (list.hidden) open();
      else step(event.key === "ArrowDown" ? 1 : -1);
    } else if (event.key === "Enter" && !list.hidden) {
      event.preventDefault();
      take(current());
    } else if (event.key === "Escape" && !list.hidden) {
      event.preventDefault();
      event.stopPropagation();
      restore();
      close();
    }
  });
  // Before the field would lose its focus.
  list.addEventListener("mousedown", (event) => {
    event.preventDefault();
    take(event.target.closest("[role=option]"));
  });
  return { show, close };
}

export function element(tag, attributes, text = "") {
  const made = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) made.setAttribute(name, value);
  if (text) made.textContent = text;
  return made;
}
