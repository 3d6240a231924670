// The small dialogs of the map editor: an objective (new or known), a link, and a perspective (new or known).
const byId = (id) => document.getElementById(id);

// Beside what it is about, inside the window.
function show(dialog, about) {
  dialog.dataset.back = about?.id ?? "";
  dialog.showModal();
  const room = about?.getBoundingClientRect();
  if (!room) return;
  const left = Math.max(8, Math.min(room.left, innerWidth - dialog.offsetWidth - 8));
  const below = room.bottom + 8 + dialog.offsetHeight <= innerHeight;
  const top = below ? room.bottom + 8 : Math.max(8, room.top - dialog.offsetHeight - 8);
  Object.assign(dialog.style, { left: `${left}px`, top: `${top}px` });
}

function only(dialog, mode) {
  for (const part of dialog.querySelectorAll("[data-only]")) part.hidden = part.dataset.only !== mode;
  dialog.dataset.mode = mode;
}

export function listenToDialogs(editor, commands) {
  const objective = byId("map-objective");
  const cause = byId("map-cause");
  const lane = byId("map-lane");
  // The line of a link, which knows its strength and lag, beneath the one under the keyboard.
  const drawn = ({ dataset }) => editor.querySelector(`.map-link[data-source="${dataset.source}"][data-target="${dataset.target}"]`);
  const nameOf = (pk) => byId(`objective-${pk}`)?.dataset.name ?? "";

  function openNew(chosen, about) {
    only(objective, "add");
    objective.querySelector("form").reset();
    const lanes = [...editor.querySelectorAll("[data-lane-name]")].map(({ dataset }) => new Option(dataset.name, dataset.laneName));
    objective.querySelector("[name=lane]").replaceChildren(...lanes);
    if (chosen) objective.querySelector("[name=lane]").value = chosen;
    show(objective, about);
    objective.querySelector("[name=name]").focus();
  }

  function openCard(card) {
    only(objective, "edit");
    objective.dataset.card = card.dataset.card;
    objective.querySelector("[name=name]").value = card.dataset.name;
    objective.querySelector("[name=theme]").value = card.dataset.theme;
    const more = objective.querySelector("[data-href]");
    more.href = more.dataset.href.replace("/0/", `/${card.dataset.card}/`);
    const list = objective.querySelector("ul");
    list.replaceChildren(...[...editor.querySelectorAll(`.map-way[data-source="${card.dataset.card}"]`)].map((link) => {
      const item = document.createElement("li");
      const button = document.createElement("button");
      button.type = "button";
      button.className = "link";
      button.textContent = nameOf(link.dataset.target);
      button.addEventListener("click", () => {
        objective.close();
        openLink(link);
      });
      item.append(button);
      return item;
    }));
    if (!list.children.length) list.textContent = list.dataset.empty;
    show(objective, card);
    objective.querySelector("[name=name]").select();
  }

  function openLink(link) {
    const { source, target, strength, lag } = drawn(link).dataset;
    cause.dataset.source = source;
    cause.dataset.target = target;
    cause.querySelector("[data-ends]").textContent = `${nameOf(source)} → ${nameOf(target)}`;
    cause.querySelector("[name=strength]").value = strength;
    cause.querySelector("[name=lag_months]").value = lag;
    show(cause, link);
    cause.querySelector("[name=strength]").focus();
  }

  // Without a lane: a new one.
  function openLane(about, button) {
    only(lane, about ? "edit" : "add");
    lane.dataset.lane = about?.dataset.laneName ?? "";
    lane.querySelector("[name=name]").value = about?.dataset.name ?? "";
    const all = [...editor.querySelectorAll("[data-lane-name]")];
    lane.querySelector('[data-map-do="lane-up"]').disabled = about === all[0];
    lane.querySelector('[data-map-do="lane-down"]').disabled = about === all.at(-1);
    show(lane, about ?? button);
    lane.querySelector("[name=name]").select();
  }

  objective.querySelector("form").addEventListener("submit", () => {
    const name = objective.querySelector("[name=name]").value.trim();
    if (objective.dataset.mode === "add") {
      commands.do({ do: "add", lane: objective.querySelector("[name=lane]").value, name });
      return;
    }
    const pk = objective.dataset.card;
    const { dataset } = byId(`objective-${pk}`);
    const theme = objective.querySelector("[name=theme]").value.trim();
    if (name !== dataset.name) commands.do({ do: "rename", objective: pk, name });
    if (theme !== dataset.theme) commands.do({ do: "theme", objective: pk, theme });
  });

  cause.querySelector("form").addEventListener("submit", () => {
    const { source, target } = cause.dataset;
    commands.do({ do: "relink", objective: source, target, strength: cause.querySelector("[name=strength]").value, lag_months: cause.querySelector("[name=lag_months]").value });
  });

  lane.querySelector("form").addEventListener("submit", () => {
    const name = lane.querySelector("[name=name]").value.trim();
    const pk = lane.dataset.lane;
    if (!pk) commands.do({ do: "add_lane", name });
    else if (name !== byId(`lane-${pk}`).dataset.name) commands.do({ do: "rename_lane", lane: pk, name });
  });

  for (const dialog of [objective, cause, lane]) {
    dialog.addEventListener("close", () => byId(dialog.dataset.back)?.focus({ preventScroll: true }));
  }
  return { openNew, openCard, openLink, openLane, drawn, objective, cause, lane };
}
