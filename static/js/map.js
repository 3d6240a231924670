// The map editor: what is done on the drawing goes to the server as a step, and the drawing comes back as it is then.
import { Commands } from "./map_commands.js";
import { listenToDialogs } from "./map_dialogs.js";
import { listenToKeys } from "./map_keys.js";
import { listenToPointer } from "./map_pointer.js";
import { cardsOf } from "./map_walk.js";
import { announce } from "./words.js";

const editor = document.querySelector("[data-map]");
const state = editor.querySelector("[data-map-state]");
const refusal = editor.querySelector("[data-map-refusal]");
const hint = editor.querySelector("[data-map-linking]");
const control = (name) => document.querySelector(`[data-map-do="${name}"]`);
const canvas = () => editor.querySelector("[data-map-canvas]");
const card = (pk) => document.getElementById(`objective-${pk}`);

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

// The focus goes to what the step was about, else stays where it was, else begins anew.
function answered(part, { way, after }) {
  const current = canvas().querySelector('[data-card][tabindex="0"]')?.dataset.card;
  const had = document.activeElement?.closest?.("[data-map-canvas] [id]")?.id;
  canvas().replaceWith(part);
  const { refused, said, focus } = part.dataset;
  refusal.hidden = !refused;
  refusal.querySelector("section").textContent = refused ?? "";
  if (said) announce([way === "undo" ? editor.dataset.undone : way === "redo" ? editor.dataset.redone : "", said].join(" ").trim());
  const near = card(current) ?? cardsOf(part)[0];
  if (near) keys.reach(near.dataset.card);
  if (!document.querySelector("dialog[open]")) keys.land(document.getElementById(focus) ?? document.getElementById(had) ?? (had ? near : null));
  if (!refused) after?.();
}

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
    const drawn = document.getElementById(`link-${source}-${target}`);
    if (drawn) dialogs.openLink(drawn);
  });
}

// Between choosing where a link begins and where it ends.
const linking = {
  from: null,
  start(one) {
    this.from = one.dataset.card;
    editor.classList.add("is-linking");
    hint.hidden = false;
    announce(hint.textContent);
    one.focus({ preventScroll: true });
  },
  stop(said = editor.dataset.stopped) {
    if (!this.from) return;
    this.from = null;
    editor.classList.remove("is-linking");
    hint.hidden = true;
    if (said) announce(said);
  },
  end(one) {
    const { from } = this;
    this.stop("");
    drawLink(from, one.dataset.card);
  },
};

const commands = new Commands(editor, { answered, changed });
const dialogs = listenToDialogs(editor, commands);
const keys = listenToKeys({ editor, canvas, commands, dialogs, linking, takeBack, moveTo });
showButtons();
listenToPointer(editor, { move: moveTo, link: drawLink });

// --- clicks ----------------------------------------------------------------------------------------

const onControl = {
  undo: () => takeBack("undo"),
  redo: () => takeBack("redo"),
  retry: () => commands.run(),
  add: (button) => dialogs.openNew(null, button),
  "add-lane": (button) => dialogs.openLane(null, button),
  arrange: () => commands.do({ do: "arrange" }),
  link() {
    const from = card(dialogs.objective.dataset.card);
    dialogs.objective.close();
    linking.start(from);
  },
  remove() {
    dialogs.objective.close();
    commands.do({ do: "remove", objective: dialogs.objective.dataset.card });
  },
  unlink() {
    dialogs.cause.close();
    commands.do({ do: "unlink", objective: dialogs.cause.dataset.source, target: dialogs.cause.dataset.target });
  },
  "lane-up": () => onLane({ do: "move_lane", up: 1 }),
  "lane-down": () => onLane({ do: "move_lane", up: "" }),
  "lane-remove": () => onLane({ do: "remove_lane" }),
};

function onLane(command) {
  dialogs.lane.close();
  commands.do({ ...command, lane: dialogs.lane.dataset.lane });
}

document.addEventListener("click", (event) => {
  const at = (selector) => event.target.closest?.(selector);
  const button = at("[data-map-do]");
  if (button) return onControl[button.dataset.mapDo](button);
  if (at("[data-add]")) return dialogs.openNew(at("[data-add]").dataset.add, at("[data-add]"));
  const one = at("[data-card]");
  if (one && linking.from) return one.dataset.card !== linking.from && linking.end(one);
  // A finger has no double click.
  if (one && event.pointerType === "touch") return dialogs.openCard(one);
  if (at("[data-lane-name]")) return dialogs.openLane(at("[data-lane-name]"));
  const link = at(".map-link");
  return link && dialogs.openLink(document.getElementById(`link-${link.dataset.source}-${link.dataset.target}`));
});
editor.addEventListener("dblclick", (event) => {
  const one = event.target.closest?.("[data-card]");
  if (one && !document.querySelector("dialog[open]")) dialogs.openCard(one);
});

window.addEventListener("online", () => commands.run());
window.addEventListener("beforeunload", (event) => commands.unsaved && event.preventDefault());
