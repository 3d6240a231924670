// The map editor: what is done on the drawing goes to the server as a step, and the drawing comes back as it is then.
import { Commands } from "./map_commands.js";
import { listenToDialogs } from "./map_dialogs.js";
import { listenToPointer } from "./map_pointer.js";
import { cardsOf, neighbour, placeAt } from "./map_walk.js";
import { announce } from "./words.js";

const editor = document.querySelector("[data-map]");
const state = editor.querySelector("[data-map-state]");
const refusal = editor.querySelector("[data-map-refusal]");
const control = (name) => document.querySelector(`[data-map-do="${name}"]`);
const canvas = () => editor.querySelector("[data-map-canvas]");
const card = (pk) => document.getElementById(`objective-${pk}`);
const focused = () => document.activeElement?.closest?.("[data-card]");
let linkFrom = null;

// --- steps and their answers -----------------------------------------------------------------------

function showButtons() {
  control("undo").disabled = !commands.can("undo");
  control("redo").disabled = !commands.can("redo");
}

function changed(now) {
  state.dataset.mapState = now;
  state.textContent = editor.dataset[now];
  control("retry").hidden = now !== "failed";
  showButtons();
}

function answered(part, { way, after }) {
  const had = focused()?.dataset.card;
  canvas().replaceWith(part);
  const { refused, said, focus } = part.dataset;
  refusal.hidden = !refused;
  refusal.querySelector("section").textContent = refused ?? "";
  if (said) announce([way === "undo" ? editor.dataset.undone : way === "redo" ? editor.dataset.redone : "", said].join(" ").trim());
  if (!document.querySelector("dialog[open]")) step(card(focus ?? had) ?? (had ? cardsOf(part)[0] : null));
  if (!refused) after?.();
}

const commands = new Commands(editor, { answered, changed });
const dialogs = listenToDialogs(editor, commands);
showButtons();

function takeBack(way) {
  if (!commands.takeBack(way) && !commands.can(way)) announce(editor.dataset.nothing);
}

function moveTo(moved, lane, place) {
  if (moved.dataset.in === lane && Number(moved.dataset.place) === place) return;
  commands.do({ do: "move", objective: moved.dataset.card, lane, position: place });
}

// A new link opens its dialog, so that strength and lag can be set at once.
function drawLink(source, target) {
  commands.do({ do: "link", objective: source, target }, () => {
    const drawn = editor.querySelector(`.map-link[data-source="${source}"][data-target="${target}"]`);
    if (drawn) dialogs.openLink(drawn);
  });
}

listenToPointer(editor, { move: moveTo, link: drawLink });

// --- keys ------------------------------------------------------------------------------------------

// One card is in the tab order: the one that had the focus last.
function step(to) {
  if (!to) return;
  for (const one of cardsOf(canvas())) one.setAttribute("tabindex", one === to ? 0 : -1);
  to.focus({ preventScroll: false });
}

function stopLinking(said) {
  if (!linkFrom) return;
  linkFrom = null;
  editor.classList.remove("is-linking");
  if (said) announce(said);
}

function startLinking(from) {
  linkFrom = from.dataset.card;
  editor.classList.add("is-linking");
  announce(editor.dataset.linking);
}

// Shift and an arrow: one place sideways, or to the lane above or below, under where it stands.
function shift(moved, key) {
  const place = Number(moved.dataset.place);
  if (key === "ArrowLeft" || key === "ArrowRight") {
    const there = place + (key === "ArrowRight" ? 1 : -1);
    const last = cardsOf(canvas()).filter((one) => one.dataset.in === moved.dataset.in).length - 1;
    if (there >= 0 && there <= last) moveTo(moved, moved.dataset.in, there);
    return;
  }
  const lanes = [...canvas().querySelectorAll("[data-lane]")];
  const index = lanes.findIndex((lane) => lane.dataset.lane === moved.dataset.in) + (key === "ArrowDown" ? 1 : -1);
  if (!lanes[index]) return;
  const box = moved.getBBox();
  const point = { x: box.x + box.width / 2, y: lanes[index].y.baseVal.value + 60 };
  moveTo(moved, lanes[index].dataset.lane, placeAt(canvas(), lanes[index].dataset.lane, point, moved));
}

const onCard = {
  l: (one) => startLinking(one),
  n: (one) => dialogs.openNew(one.dataset.in, one),
  F2: (one) => dialogs.openCard(one),
  Delete: (one) => commands.do({ do: "remove", objective: one.dataset.card }),
  Backspace: (one) => commands.do({ do: "remove", objective: one.dataset.card }),
  " ": (one) => dialogs.openCard(one),
  Enter(one) {
    if (!linkFrom) return dialogs.openCard(one);
    const from = linkFrom;
    stopLinking();
    return drawLink(from, one.dataset.card);
  },
};

document.addEventListener("keydown", (event) => {
  const typing = event.target.closest?.("input, textarea, select, dialog");
  if (typing) return;
  const undoing = (event.ctrlKey || event.metaKey) && { z: event.shiftKey ? "redo" : "undo", y: "redo" }[event.key.toLowerCase()];
  if (undoing) {
    event.preventDefault();
    takeBack(undoing);
    return;
  }
  if (event.ctrlKey || event.metaKey || event.altKey) return;
  if (event.key === "?") {
    document.getElementById("map-help").showModal();
    return;
  }
  if (event.key === "Escape") stopLinking(editor.dataset.stopped);
  const adding = event.target.closest?.("[data-add]");
  if (adding && ["Enter", " "].includes(event.key)) {
    event.preventDefault();
    dialogs.openNew(adding.dataset.add, adding);
    return;
  }
  const here = focused();
  if (!here || !canvas().contains(here)) return;
  if (event.key.startsWith("Arrow")) {
    event.preventDefault();
    if (event.shiftKey) shift(here, event.key);
    else step(neighbour(canvas(), here, event.key));
    return;
  }
  const action = onCard[event.key] ?? onCard[event.key.toLowerCase()];
  if (!action) return;
  event.preventDefault();
  action(here);
});

// --- clicks ----------------------------------------------------------------------------------------

const onControl = {
  undo: () => takeBack("undo"),
  redo: () => takeBack("redo"),
  retry: () => commands.run(),
  add: (button) => dialogs.openNew(null, button),
  arrange: () => commands.do({ do: "arrange" }),
  link() {
    const from = card(dialogs.objective.dataset.card);
    dialogs.objective.close();
    startLinking(from);
  },
  remove() {
    dialogs.objective.close();
    commands.do({ do: "remove", objective: dialogs.objective.dataset.card });
  },
  unlink() {
    dialogs.cause.close();
    commands.do({ do: "unlink", objective: dialogs.cause.dataset.source, target: dialogs.cause.dataset.target });
  },
};

document.addEventListener("click", (event) => {
  const button = event.target.closest?.("[data-map-do]");
  if (button) return onControl[button.dataset.mapDo](button);
  const adding = event.target.closest?.("[data-add]");
  if (adding) return dialogs.openNew(adding.dataset.add, adding);
  const one = event.target.closest?.("[data-card]");
  if (one && linkFrom && one.dataset.card !== linkFrom) return onCard.Enter(one);
  const link = event.target.closest?.(".map-link");
  return link && dialogs.openLink(link);
});
editor.addEventListener("dblclick", (event) => {
  const one = event.target.closest?.("[data-card]");
  if (one && !document.querySelector("dialog[open]")) dialogs.openCard(one);
});

window.addEventListener("online", () => commands.run());
window.addEventListener("beforeunload", (event) => commands.unsaved && event.preventDefault());
