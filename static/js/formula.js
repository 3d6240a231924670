// A formula field offers KPIs behind “[” and functions by their first letters.
const WAIT = 150;
let timer = 0;

const list = (area) => document.getElementById(`${area.id}-offers`);

// What is being typed: the text behind an open bracket, or a word of letters; nothing right behind a closed bracket.
function wanted(area) {
  const before = area.value.slice(0, area.selectionStart);
  const name = before.match(/\[([^[\]]*)$/);
  if (name) return { query: name[1], start: before.length - name[0].length, functions: false };
  const word = before.match(/(?:^|[^\w\].}])([a-z_]{2,})$/i);
  if (word) return { query: word[1], start: before.length - word[1].length, functions: true };
  return null;
}

function close(area) {
  list(area)?.remove();
  area.removeAttribute("aria-activedescendant");
  area.removeAttribute("aria-controls");
}

function mark(area, option) {
  list(area).querySelectorAll("[role=option]").forEach((other) => other.setAttribute("aria-selected", String(other === option)));
  option.scrollIntoView({ block: "nearest" });
  area.setAttribute("aria-activedescendant", option.id);
}

function choose(area, option) {
  const place = wanted(area);
  close(area);
  if (!place || !option) return;
  const after = area.value.slice(area.selectionStart).replace(/^\]/, "");
  area.setRangeText(option.dataset.insert + after, place.start, area.value.length, "end");
  area.setSelectionRange(place.start + option.dataset.insert.length, place.start + option.dataset.insert.length);
  area.dispatchEvent(new Event("input", { bubbles: true }));
}

async function offer(area) {
  const place = wanted(area);
  if (!place) return close(area);
  const url = new URL(area.closest("[data-formula]").dataset.namesUrl, location.href);
  url.searchParams.set("q", place.query);
  if (place.functions) url.searchParams.set("functions", "1");
  const answer = await fetch(url, { headers: { "HX-Request": "true" } });
  if (!answer.ok || wanted(area)?.query !== place.query || document.activeElement !== area) return close(area);
  close(area);
  const box = document.createElement("div");
  box.className = "combobox";
  box.id = `${area.id}-offers`;
  box.innerHTML = `<div role="listbox">${await answer.text()}</div>`;
  const first = box.querySelector("[role=option]");
  if (!first) return;
  box.firstChild.setAttribute("aria-label", area.labels[0]?.textContent.trim() ?? "");
  area.after(box);
  area.setAttribute("aria-controls", box.id);
  mark(area, first);
}

const area = (event) => event.target.closest?.("[data-formula] textarea");

document.addEventListener("input", (event) => {
  const field = area(event);
  if (!field) return;
  clearTimeout(timer);
  timer = setTimeout(() => offer(field), WAIT);
});
document.addEventListener("keydown", (event) => {
  const field = area(event);
  const options = field && [...(list(field)?.querySelectorAll("[role=option]") ?? [])];
  if (!options?.length) return;
  const at = options.findIndex((option) => option.getAttribute("aria-selected") === "true");
  if (event.key === "ArrowDown" || event.key === "ArrowUp") {
    event.preventDefault();
    mark(field, options[(at + (event.key === "ArrowDown" ? 1 : -1) + options.length) % options.length]);
  } else if (event.key === "Enter" || event.key === "Tab") {
    event.preventDefault();
    choose(field, options[at]);
  } else if (event.key === "Escape") {
    event.preventDefault();
    event.stopPropagation();
    close(field);
  }
});
document.addEventListener("mousedown", (event) => {
  const option = event.target.closest("[data-formula] [role=option]");
  if (option) {
    event.preventDefault();
    choose(option.closest("[data-formula]").querySelector("textarea"), option);
  }
});
document.addEventListener("focusout", (event) => { if (area(event)) close(area(event)); });
