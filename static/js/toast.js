// Short notices: the server sends HX-Trigger: {"toast": {"text", "kind", "undo_url"}}.
import { word } from "./words.js";

const region = document.getElementById("toasts");
const SHOWN_MS = 6000;
const WITH_UNDO_MS = 12000;
let lastUndo = "";

function undo(url) {
  lastUndo = "";
  region.querySelectorAll("[data-undoable]").forEach(close);
  htmx.ajax("POST", url, { swap: "none", target: document.body });
}

function close(toast) {
  toast.remove();
  if (!region.children.length && region.matches(":popover-open")) region.hidePopover();
}

function button(text, action) {
  const made = document.createElement("button");
  made.type = "button";
  made.className = "btn";
  made.dataset.variant = "outline";
  made.dataset.size = "xs";
  made.textContent = text;
  made.addEventListener("click", action);
  return made;
}

export function toast({ text, kind = "success", undo_url: undoUrl = "" }) {
  const shown = document.createElement("div");
  shown.className = "toast";
  shown.dataset.kind = kind;
  shown.setAttribute("role", kind === "error" ? "alert" : "status");
  const line = document.createElement("p");
  line.textContent = text;
  shown.append(line);
  if (undoUrl) {
    lastUndo = undoUrl;
    // Only the last change can be taken back: ten quick saves show one notice, not ten.
    region.querySelectorAll("[data-undoable]").forEach(close);
    shown.dataset.undoable = "";
    shown.append(button(word("undo"), () => undo(undoUrl)));
  }
  shown.append(button(word("close"), () => close(shown)));
  region.append(shown);
  if (!region.matches(":popover-open")) region.showPopover();
  // An error stays until it is closed; anything else leaves by itself, but not under the pointer or the focus.
  if (kind === "error") return;
  const leave = () => (shown.matches(":hover, :focus-within") ? setTimeout(leave, 2000) : close(shown));
  setTimeout(leave, undoUrl ? WITH_UNDO_MS : SHOWN_MS);
}

document.addEventListener("toast", (event) => toast(event.detail));
for (const failure of ["htmx:sendError", "htmx:timeout"]) {
  document.addEventListener(failure, () => toast({ text: word("offline"), kind: "error" }));
}
document.addEventListener("htmx:responseError", (event) => {
  const answered = event.detail.xhr.getResponseHeader("HX-Trigger") ?? "";
  if (!answered.includes("toast")) toast({ text: word("notSaved"), kind: "error" });
});

// Ctrl-Z takes the last saved change back, unless something is being typed: then it is the browser's.
document.addEventListener("keydown", (event) => {
  if (event.key.toLowerCase() !== "z" || !(event.ctrlKey || event.metaKey) || event.shiftKey || event.altKey) return;
  const typing = event.target.closest?.("input, textarea, select, [contenteditable]");
  if (typing && (typing.dataset.cell === undefined || typing.value !== typing.defaultValue)) return;
  const url = lastUndo || event.target.closest?.("[data-undo-url]")?.dataset.undoUrl;
  if (!url) return;
  event.preventDefault();
  undo(url);
});
