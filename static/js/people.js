// <input data-person> looks for people while one types; the server answers with options that say what goes into the
// field. Without a script it is a field that takes a name or a code.
import { element, listbox } from "./listbox.js";
import { announce, word } from "./words.js";

const WAIT_MS = 150;
let count = 0;

function enhance(input) {
  const id = `person-${(count += 1)}`;
  const list = element("div", { id, role: "listbox", hidden: "" });
  const label = input.labels[0];
  if (label) list.setAttribute("aria-label", label.firstChild.textContent.trim());
  for (const [name, value] of Object.entries({ role: "combobox", "aria-expanded": "false", "aria-controls": id, "aria-autocomplete": "list" })) {
    input.setAttribute(name, value);
  }
  input.after(list);

  let typed = input.value;
  let waiting = 0;
  let request = null;
  const stop = () => { clearTimeout(waiting); request?.abort(); };
  const below = listbox(input, list, {
    open: () => search(),
    choose: (option) => {
      stop();
      typed = input.value = option.dataset.value;
      input.dispatchEvent(new Event("input", { bubbles: true }));
      input.dispatchEvent(new Event("change", { bubbles: true }));
      if (input.hasAttribute("data-person-submit")) input.form.requestSubmit();
    },
    restore: () => { stop(); input.value = typed; },
  });
  const tell = (text) => list.replaceChildren(element("div", { role: "option", "aria-disabled": "true", class: "muted" }, text));
  const search = async () => {
    request = new AbortController();
    const query = input.value.trim();
    if (!query) return below.close();
    const url = `${document.body.dataset.peopleUrl}?${new URLSearchParams({ q: query, within: input.dataset.person })}`;
    try {
      const answer = await fetch(url, { signal: request.signal, headers: { "HX-Request": "true" } });
      if (!answer.ok) throw new Error(answer.statusText);
      list.innerHTML = await answer.text();
      const found = [...list.querySelectorAll("[role=option]")];
      found.forEach((option, place) => { option.id = `${id}-${place}`; });
      if (!found.length) tell(word("noMatch"));
      announce(found.length ? `${found.length} ${word("results")}` : word("noMatch"));
    } catch (error) {
      if (error.name === "AbortError") return;
      tell(word("offline"));
    }
    if (document.activeElement === input) below.show();
  };

  input.addEventListener("focus", () => { typed = input.value; input.select(); });
  input.addEventListener("input", (event) => {
    stop();
    // What was chosen is not looked for again.
    if (event.isTrusted) waiting = setTimeout(search, WAIT_MS);
  });
  input.addEventListener("blur", () => { stop(); below.close(); });
}

const enhanceAll = (root) => root.querySelectorAll("input[data-person]:not([role])").forEach(enhance);
enhanceAll(document);
document.addEventListener("htmx:afterSettle", (event) => enhanceAll(event.detail.elt.parentElement ?? document));
