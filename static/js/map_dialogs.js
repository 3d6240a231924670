// The small dialogs of the map editor: an objective (new or known), and a link.
const byId = (id) => document.getElementById(id);

// Beside what it is about, inside the window.
function show(dialog, about) {
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
  const nameOf = (pk) => byId(`objective-${pk}`)?.dataset.name ?? "";

  function openNew(lane, about) {
    only(objective, "add");
    objective.querySelector("form").reset();
    objective.querySelector("[name=lane]").value = lane ?? objective.querySelector("[name=lane]").value;
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
    list.replaceChildren(...[...editor.querySelectorAll(`.map-link[data-source="${card.dataset.card}"]`)].map((link) => {
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
    const { source, target, strength, lag } = link.dataset;
    cause.dataset.source = source;
    cause.dataset.target = target;
    cause.querySelector("[data-ends]").textContent = `${nameOf(source)} → ${nameOf(target)}`;
    cause.querySelector("[name=strength]").value = strength;
    cause.querySelector("[name=lag_months]").value = lag;
    show(cause, link);
    cause.querySelector("[name=strength]").focus();
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

  for (const dialog of [objective, cause]) {
    dialog.addEventListener("close", () => byId(`objective-${dialog.dataset.card ?? dialog.dataset.source}`)?.focus({ preventScroll: true }));
  }
  return { openNew, openCard, openLink, objective, cause };
}
