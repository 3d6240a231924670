// The keyboard on the drawing that is edited: what each key does on an objective, on a link and on a perspective.
import { cardsOf, neighbour, placeAt } from "./map_walk.js";

const STRENGTHS = { 1: "weak", 2: "medium", 3: "strong" };
const LONGEST = 60;

export const waysOf = (root, pk) => [...root.querySelectorAll(".map-way")].filter((way) => way.dataset.source === pk || way.dataset.target === pk);

export function listenToKeys({ editor, canvas, commands, dialogs, linking, takeBack, moveTo }) {
  const card = (pk) => document.getElementById(`objective-${pk}`);
  const focused = (selector) => document.activeElement?.closest?.(selector);

  // One card is in the tab order, the one that had the focus last, and after it the links to and from it.
  function reach(pk) {
    for (const one of cardsOf(canvas())) one.setAttribute("tabindex", one.dataset.card === pk ? 0 : -1);
    const near = waysOf(canvas(), pk);
    for (const way of canvas().querySelectorAll(".map-way")) way.setAttribute("tabindex", near.includes(way) ? 0 : -1);
  }

  function land(to) {
    if (!to) return;
    const current = canvas().querySelector('[data-card][tabindex="0"]')?.dataset.card;
    if (to.dataset.card) reach(to.dataset.card);
    else if (to.dataset.source && ![to.dataset.source, to.dataset.target].includes(current)) reach(to.dataset.source);
    to.focus({ preventScroll: false });
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

  const remove = (one) => commands.do({ do: "remove", objective: one.dataset.card });
  const onCard = {
    arrow: (one, { key, shiftKey }) => (shiftKey ? shift(one, key) : land(neighbour(canvas(), one, key))),
    l: (one) => linking.start(one),
    n: (one) => dialogs.openNew(one.dataset.in, one),
    F2: (one) => dialogs.openCard(one),
    Delete: remove,
    Backspace: remove,
    " ": (one) => dialogs.openCard(one),
    Enter: (one) => (linking.from ? linking.end(one) : dialogs.openCard(one)),
  };

  const ends = (way) => ({ objective: way.dataset.source, target: way.dataset.target });
  const unlink = (way) => commands.do({ do: "unlink", ...ends(way) });

  // What is not said stays: the drawing below the line under the keyboard has strength and lag.
  function relink(way, { strength, later = 0 }) {
    const { strength: was, lag } = dialogs.drawn(way).dataset;
    const months = Math.min(LONGEST, Math.max(0, Number(lag) + later));
    if ((strength ?? was) === was && months === Number(lag)) return;
    commands.do({ do: "relink", ...ends(way), strength: strength ?? was, lag_months: months });
  }

  // Up to what it drives, down to what drives it, sideways to the next link of the same objective.
  function along(way, { key }) {
    if (key === "ArrowUp") return land(card(way.dataset.target));
    if (key === "ArrowDown") return land(card(way.dataset.source));
    const near = [...canvas().querySelectorAll('.map-way[tabindex="0"]')];
    return land(near[near.indexOf(way) + (key === "ArrowRight" ? 1 : -1)]);
  }

  const onWay = {
    arrow: along,
    Enter: (way) => dialogs.openLink(way),
    " ": (way) => dialogs.openLink(way),
    F2: (way) => dialogs.openLink(way),
    Delete: unlink,
    Backspace: unlink,
    "+": (way) => relink(way, { later: 1 }),
    "=": (way) => relink(way, { later: 1 }),
    "-": (way) => relink(way, { later: -1 }),
    ...Object.fromEntries(Object.entries(STRENGTHS).map(([key, strength]) => [key, (way) => relink(way, { strength })])),
  };

  const moveLane = (lane, up) => commands.do({ do: "move_lane", lane: lane.dataset.laneName, up: up ? 1 : "" });
  function onLaneArrow(lane, { key, shiftKey }) {
    if (key !== "ArrowUp" && key !== "ArrowDown") return;
    if (shiftKey) return moveLane(lane, key === "ArrowUp");
    const all = [...canvas().querySelectorAll("[data-lane-name]")];
    land(all[all.indexOf(lane) + (key === "ArrowDown" ? 1 : -1)]);
  }
  const removeLane = (lane) => commands.do({ do: "remove_lane", lane: lane.dataset.laneName });
  const onLane = {
    arrow: onLaneArrow,
    Enter: (lane) => dialogs.openLane(lane),
    " ": (lane) => dialogs.openLane(lane),
    F2: (lane) => dialogs.openLane(lane),
    n: (lane) => dialogs.openNew(lane.dataset.laneName, lane),
    Delete: removeLane,
    Backspace: removeLane,
  };

  const adding = { Enter: (button) => dialogs.openNew(button.dataset.add, button), " ": (button) => dialogs.openNew(button.dataset.add, button) };
  const TABLES = [["[data-card]", onCard], [".map-way", onWay], ["[data-lane-name]", onLane], ["[data-add]", adding]];

  function onKey(event) {
    if (event.target.closest?.("input, textarea, select, dialog")) return;
    const undoing = (event.ctrlKey || event.metaKey) && { z: event.shiftKey ? "redo" : "undo", y: "redo" }[event.key.toLowerCase()];
    if (undoing) {
      event.preventDefault();
      takeBack(undoing);
      return;
    }
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    if (event.key === "?") return document.getElementById("map-help").showModal();
    if (event.key === "Escape") linking.stop();
    for (const [selector, table] of TABLES) {
      const here = focused(selector);
      if (!here || !canvas().contains(here)) continue;
      const action = event.key.startsWith("Arrow") ? table.arrow : table[event.key] ?? table[event.key.toLowerCase()];
      if (!action) return;
      event.preventDefault();
      action(here, event);
      return;
    }
  }

  document.addEventListener("keydown", onKey);
  // However the focus came to a card, its links come next.
  editor.addEventListener("focusin", (event) => {
    const one = event.target.closest?.("[data-card]");
    if (one) reach(one.dataset.card);
  });
  const first = cardsOf(canvas())[0];
  if (first) reach(first.dataset.card);
  return { land, reach };
}
