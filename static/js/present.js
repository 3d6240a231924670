// Presenting a map: full screen, the drawing as large as it fits, arrow keys walk along the objectives and show
// their numbers in large type. [data-print] prints the page.
import { cardsOf, neighbour } from "./map_walk.js";

const stage = document.querySelector("[data-stage]");
const bar = stage.querySelector("[data-stage-bar]");

const presenting = () => stage.classList.contains("is-presenting");

function show(card) {
  bar.querySelector("[data-stage-name]").textContent = card?.dataset.name ?? "";
  bar.querySelector("[data-stage-facts]").textContent = card?.dataset.facts ?? "";
  bar.querySelector("[data-stage-drives]").textContent = card?.dataset.drives ?? "";
  const pk = card?.dataset.card;
  for (const link of stage.querySelectorAll("path[data-source]")) {
    link.classList.toggle("is-faint", Boolean(pk) && link.dataset.source !== pk && link.dataset.target !== pk);
  }
}

function leave() {
  stage.classList.remove("is-presenting");
  show(null);
  if (document.fullscreenElement) document.exitFullscreen();
  document.querySelector("[data-present]").focus();
}

async function begin() {
  stage.classList.add("is-presenting");
  // Where the browser refuses the full screen, the window is filled.
  await stage.requestFullscreen?.().catch(() => {});
  cardsOf(stage)[0]?.focus();
}

document.addEventListener("click", (event) => {
  if (event.target.closest?.("[data-present]")) begin();
  if (event.target.closest?.("[data-stage-leave]")) leave();
  if (event.target.closest?.("[data-print]")) print();
});
document.addEventListener("fullscreenchange", () => {
  if (!document.fullscreenElement && presenting()) leave();
});
stage.addEventListener("focusin", (event) => {
  if (presenting()) show(event.target.closest("[data-card]"));
});
document.addEventListener("keydown", (event) => {
  if (!presenting()) return;
  if (event.key === "Escape") leave();
  const card = document.activeElement?.closest?.("[data-card]");
  if (!event.key.startsWith("Arrow") || !card) return;
  event.preventDefault();
  neighbour(stage, card, event.key)?.focus();
});
