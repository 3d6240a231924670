// Cells that are typed into: <span class="cell"><input data-cell data-row data-col hx-post … hx-trigger="change"></span>.
// Tab moves to the next cell, Enter and Shift-Enter move down and up, Esc brings back what was last saved (the value the
// server drew). The answer replaces the whole row; what is being typed elsewhere in it, and the focus, survive that.
import { announce, word } from "./words.js";

export const isCell = (element) => element?.dataset?.cell !== undefined;
export const gridOf = (cell) => cell.closest("[data-grid]") ?? document;
const keyOf = (cell) => `${cell.dataset.row}:${cell.dataset.col}`;
const findCell = (key) => {
  const [row, col] = key.split(":");
  return document.querySelector(`[data-cell][data-row="${CSS.escape(row)}"][data-col="${CSS.escape(col)}"]`);
};
// htmx names the parent once a cell has been swapped away; the request still knows who asked.
const asker = (event) => event.detail.requestConfig?.elt ?? event.detail.elt;
// A refused value comes back in the cell, the one it would have replaced in data-saved-value. A choice has that always.
const savedValue = (cell) => cell.dataset.savedValue ?? cell.defaultValue;
const typed = (cell) => cell.value !== (cell.defaultValue ?? savedValue(cell)) && cell.value !== cell.dataset.sent;

export function setState(cell, state) {
  const box = cell.closest(".cell");
  if (box) box.dataset.state = state;
}

function move(cell, step) {
  const column = [...gridOf(cell).querySelectorAll("[data-cell]")].filter(
    (other) => other.dataset.col === cell.dataset.col && !other.disabled,
  );
  const next = column[column.indexOf(cell) + step];
  if (next) {
    next.focus();
    next.select?.();
  } else {
    // On the last row the cell still saves: leaving it is what saves.
    cell.blur();
    cell.focus();
  }
}

document.addEventListener("keydown", (event) => {
  const cell = event.target;
  if (!isCell(cell)) return;
  const isTyped = cell.tagName === "INPUT";
  if (isTyped && event.key === "Enter" && !event.ctrlKey && !event.metaKey && !event.isComposing) {
    event.preventDefault();
    move(cell, event.shiftKey ? -1 : 1);
  } else if (event.key === "Tab" && !event.shiftKey && !event.ctrlKey && !event.altKey) {
    // To the next cell, past the links between: the row they stand in is about to be replaced. Shift-Tab reaches them.
    const cells = [...gridOf(cell).querySelectorAll("[data-cell]")].filter((other) => !other.disabled);
    const next = cells[cells.indexOf(cell) + 1];
    if (!next) return;
    event.preventDefault();
    next.focus();
    next.select?.();
  } else if (isTyped && event.key === "Escape" && cell.value !== savedValue(cell)) {
    event.preventDefault();
    cell.value = cell.defaultValue = savedValue(cell);
    delete cell.dataset.sent;
    setState(cell, "");
    cell.select();
  }
});

// A value that was put back after a swap raises no "change" of its own when the cell is left.
document.addEventListener("focusout", ({ target }) => {
  if (!isCell(target)) return;
  setTimeout(() => {
    const cell = findCell(keyOf(target));
    if (cell && cell !== document.activeElement && typed(cell)) htmx.trigger(cell, "change");
  });
});

// The answer replaces the row, so the cells of a row take turns: an answer to a row that is gone would be shown nowhere.
const waiting = new Set();
const isSaving = (row) => Boolean(row?.querySelector('.cell[data-state="saving"]'));

document.addEventListener("htmx:confirm", (event) => {
  const cell = event.detail.elt;
  if (!isCell(cell) || !isSaving(cell.closest("tr"))) return;
  event.preventDefault();
  waiting.add(keyOf(cell));
});

function letNext() {
  for (const key of waiting) {
    const cell = findCell(key);
    if (isSaving(cell?.closest("tr"))) continue;
    waiting.delete(key);
    if (cell) htmx.trigger(cell, "change");
  }
}

// Who leaves the page does not wait for the turn.
window.addEventListener("pagehide", () => {
  for (const cell of [...waiting].map(findCell)) {
    const headers = JSON.parse(document.body.getAttribute("hx-headers"));
    if (cell) fetch(cell.getAttribute("hx-post"), { method: "POST", headers, body: new URLSearchParams([[cell.name, cell.value]]), keepalive: true });
  }
});

document.addEventListener("htmx:beforeRequest", (event) => {
  const cell = event.detail.elt;
  if (!isCell(cell)) return;
  // What is on its way to the server; a value typed after that is not.
  cell.dataset.sent = cell.value;
  setState(cell, "saving");
});

function failed(event) {
  const cell = findCell(keyOf(asker(event)));
  if (!cell) return;
  delete cell.dataset.sent;
  setState(cell, "error");
}

// Around a swap: remember, put back, say how it went.
let kept = null;

function remember() {
  const active = document.activeElement;
  kept = {
    values: new Map(),
    focus: isCell(active) ? keyOf(active) : "",
    selection: isCell(active) && active.tagName === "INPUT" ? [active.selectionStart, active.selectionEnd] : null,
  };
  for (const cell of document.querySelectorAll("[data-cell]")) {
    if (typed(cell)) kept.values.set(keyOf(cell), cell.value);
  }
}

function putBack() {
  if (!kept) return;
  const { values, focus, selection } = kept;
  kept = null;
  for (const [key, value] of values) {
    const cell = findCell(key);
    if (cell && !cell.disabled) cell.value = value;
  }
  const cell = focus && findCell(focus);
  if (!cell || cell === document.activeElement) return;
  cell.focus({ preventScroll: true });
  if (selection) cell.setSelectionRange(...selection);
}

document.addEventListener("htmx:beforeSwap", remember);
document.addEventListener("htmx:afterSwap", putBack);
document.addEventListener("htmx:afterRequest", (event) => {
  putBack();
  setTimeout(letNext);
  if (!isCell(asker(event)) || !event.detail.xhr) return;
  if (!event.detail.successful) failed(event);
  const cell = findCell(keyOf(asker(event)));
  const box = cell?.closest(".cell");
  if (!box) return;
  if (event.detail.successful && box.dataset.state === "saving") {
    // Answered without a new row (204).
    cell.defaultValue = cell.dataset.sent ?? cell.value;
    setState(cell, "saved");
  }
  const message = box.closest("td")?.querySelector(".cell-message")?.textContent.trim();
  announce(box.dataset.state === "error" ? message || word("notSaved") : word("saved"));
});
