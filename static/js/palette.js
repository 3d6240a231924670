// Ctrl-K: any page, person or KPI. The server answers with links role="option", grouped by kind.
import { openDialog } from "./dialog.js";
import { announce, word } from "./words.js";

const palette = document.querySelector("[data-palette]");
const WAIT_MS = 120;

if (palette?.dataset.url) {
  const input = palette.querySelector("input");
  const results = palette.querySelector("[role=listbox]");
  let waiting = 0;
  let request = null;

  const options = () => [...results.querySelectorAll("[role=option]")];
  const current = () => results.querySelector("[aria-selected=true]");

  const select = (option) => {
    current()?.setAttribute("aria-selected", "false");
    option?.setAttribute("aria-selected", "true");
    option?.scrollIntoView({ block: "nearest" });
    if (option) input.setAttribute("aria-activedescendant", option.id);
    else input.removeAttribute("aria-activedescendant");
  };

  const search = async () => {
    request?.abort();
    request = new AbortController();
    const url = `${palette.dataset.url}?q=${encodeURIComponent(input.value.trim())}`;
    try {
      const answer = await fetch(url, { signal: request.signal, headers: { "HX-Request": "true" } });
      if (!answer.ok) throw new Error(answer.statusText);
      results.innerHTML = await answer.text();
    } catch (error) {
      if (error.name === "AbortError") return;
      results.textContent = word("offline");
    }
    const found = options();
    found.forEach((option, index) => {
      option.id = `palette-option-${index}`;
      option.tabIndex = -1;
    });
    select(found[0]);
    announce(found.length ? `${found.length} ${word("results")}` : word("noMatch"));
  };

  const move = (step) => {
    const found = options();
    if (found.length) select(found[(found.indexOf(current()) + step + found.length) % found.length]);
  };

  palette.addEventListener("dialog:open", () => { input.focus(); input.select(); search(); });
  input.addEventListener("input", () => { clearTimeout(waiting); waiting = setTimeout(search, WAIT_MS); });
  input.addEventListener("keydown", (event) => {
    if (event.key === "ArrowDown" || event.key === "ArrowUp") {
      event.preventDefault();
      move(event.key === "ArrowDown" ? 1 : -1);
    } else if (event.key === "Enter") {
      event.preventDefault();
      current()?.click();
    }
  });
  document.addEventListener("keydown", (event) => {
    if (event.key.toLowerCase() !== "k" || !(event.ctrlKey || event.metaKey)) return;
    event.preventDefault();
    openDialog(palette);
  });
}
