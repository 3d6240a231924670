// The mouse or finger on the drawing: drag a card to another place, drag from a dot on its edge to link two cards.
// A finger scrolls, as everywhere; it drags a card that it has held for a moment.
import { placeAt } from "./map_walk.js";

const FAR_ENOUGH = 5;
const HELD_MS = 350;
const SVG = "http://www.w3.org/2000/svg";

export function listenToPointer(editor, { move, link }) {
  let held = null;
  // From a card being picked up until the finger has left: no scrolling, no click, no menu of the browser.
  let lifted = false;

  const svg = () => editor.querySelector("svg.map-picture");
  const pointOf = (event) => new DOMPoint(event.clientX, event.clientY).matrixTransform(svg().getScreenCTM().inverse());
  const cardAt = (event) => document.elementsFromPoint(event.clientX, event.clientY).map((one) => one.closest?.("[data-card]")).find((card) => card && card !== held?.card);
  const laneAt = (point) => [...svg().querySelectorAll("[data-lane]")].find((lane) => point.y < lane.y.baseVal.value + lane.height.baseVal.value + 4);

  function drop() {
    if (!held) return;
    clearTimeout(held.waits);
    held.card.removeAttribute("transform");
    held.card.classList.remove("is-held");
    held.mark?.remove();
    editor.querySelectorAll(".is-aimed").forEach((one) => one.classList.remove("is-aimed"));
    held = null;
  }

  function begin(point) {
    held.moving = true;
    lifted = true;
    held.card.classList.add("is-held");
    held.mark = document.createElementNS(SVG, held.port ? "path" : "rect");
    held.mark.setAttribute("class", "map-mark");
    svg().append(held.mark);
    if (!held.port) svg().insertBefore(held.card, held.mark);
    held.from = point;
  }

  function drawLink(event, point) {
    const box = held.card.getBBox();
    const edge = held.port === "effect" ? box.y : box.y + box.height;
    const bend = (edge + point.y) / 2;
    held.mark.setAttribute("d", `M${box.x + box.width / 2} ${edge}C${box.x + box.width / 2} ${bend} ${point.x} ${bend} ${point.x} ${point.y}`);
    editor.querySelectorAll(".is-aimed").forEach((one) => one.classList.remove("is-aimed"));
    cardAt(event)?.classList.add("is-aimed");
  }

  function drawMove(point) {
    held.card.setAttribute("transform", `translate(${point.x - held.start.x} ${point.y - held.start.y})`);
    const lane = laneAt(point);
    if (!lane) return;
    for (const [name, value] of Object.entries({ x: point.x - 2, y: lane.y.baseVal.value + 32, width: 4, height: lane.height.baseVal.value - 44, rx: 2 })) held.mark.setAttribute(name, value);
  }

  editor.addEventListener("pointerdown", (event) => {
    const card = event.target.closest?.("[data-card]");
    if (!card || event.button !== 0) return;
    drop();
    held = { card, port: event.target.closest("[data-port]")?.dataset.port, start: pointOf(event), at: [event.clientX, event.clientY], moving: false };
    card.focus({ preventScroll: true });
    if (event.pointerType === "mouse" || held.port) event.preventDefault();
    else held.waits = setTimeout(() => begin(held.start), HELD_MS);
  });

  document.addEventListener("pointermove", (event) => {
    if (!held) return;
    const point = pointOf(event);
    if (!held.moving) {
      if (Math.hypot(event.clientX - held.at[0], event.clientY - held.at[1]) < FAR_ENOUGH) return;
      // Moved before it was held long enough: that is scrolling.
      if (held.waits) return drop();
      begin(point);
    }
    if (held.port) drawLink(event, point);
    else drawMove(point);
  });

  document.addEventListener("pointerup", (event) => {
    if (!held?.moving) return drop();
    const { card, port } = held;
    const point = pointOf(event);
    const other = cardAt(event);
    const lane = laneAt(point)?.dataset.lane;
    const place = lane && placeAt(svg(), lane, point, card);
    drop();
    if (port && other) {
      const ends = port === "effect" ? [card, other] : [other, card];
      link(...ends.map((end) => end.dataset.card));
    } else if (!port && lane) {
      move(card, lane, place);
    }
  });

  for (const kind of ["touchmove", "touchend", "contextmenu"]) {
    editor.addEventListener(kind, (event) => {
      if (lifted || (kind === "contextmenu" && held?.waits)) event.preventDefault();
    }, { passive: false });
  }
  document.addEventListener("pointerdown", () => { lifted = false; }, { capture: true });
  document.addEventListener("pointercancel", drop);
  document.addEventListener("keydown", (event) => event.key === "Escape" && drop());
}
