// A tree by keyboard: arrows move between rows that show, right and left open and close, Enter follows the row's link.
// Each tree is one stop of Tab; a level is fetched when it opens for the first time.
const itemsShown = (tree) => [...tree.querySelectorAll("[role=treeitem]")].filter((item) => !item.closest("[role=group][hidden]"));
const rowOf = (item) => item.querySelector(":scope > div");
const groupOf = (item) => item.querySelector(":scope > [role=group]");
const isOpen = (item) => item.getAttribute("aria-expanded") === "true";

function setOpen(item, open) {
  const group = groupOf(item);
  if (!group) return;
  item.setAttribute("aria-expanded", open);
  group.hidden = !open;
  const toggle = rowOf(item).querySelector("[data-tree-toggle]");
  toggle.querySelector("svg")?.classList.toggle("rotate-90", open);
  if (open) toggle.dispatchEvent(new CustomEvent("open-branch"));
}

function focusOn(tree, item) {
  for (const other of tree.querySelectorAll("[role=treeitem][tabindex='0']")) other.tabIndex = -1;
  item.tabIndex = 0;
  item.focus();
}

function prepare(root) {
  for (const tree of root.querySelectorAll("[data-tree]")) {
    for (const inner of tree.querySelectorAll("a, button")) inner.tabIndex = -1;
    for (const item of tree.querySelectorAll("[aria-expanded=true]")) rowOf(item).querySelector("[data-tree-toggle] svg")?.classList.add("rotate-90");
    // Opened before htmx had heard of it: asked again; a branch that is on its way is asked for once only.
    for (const item of tree.querySelectorAll("[aria-expanded=true]:has(> [role=group]:empty)")) setOpen(item, true);
    const first = tree.querySelector("[role=treeitem]");
    if (first && !tree.querySelector("[role=treeitem][tabindex='0']")) first.tabIndex = 0;
  }
}

document.addEventListener("click", (event) => {
  const toggle = event.target.closest("[data-tree-toggle]");
  if (!toggle || event.ctrlKey || event.metaKey) return;
  event.preventDefault();
  const item = toggle.closest("[role=treeitem]");
  setOpen(item, !isOpen(item));
  focusOn(item.closest("[data-tree]"), item);
});

document.addEventListener("keydown", (event) => {
  const item = event.target.closest?.("[role=treeitem]");
  const tree = item?.closest("[data-tree]");
  if (!tree || event.target !== item) return;
  const shown = itemsShown(tree);
  const at = shown.indexOf(item);
  const moves = { ArrowDown: shown[at + 1], ArrowUp: shown[at - 1], Home: shown[0], End: shown.at(-1) };
  if (event.key in moves) {
    if (moves[event.key]) focusOn(tree, moves[event.key]);
  } else if (event.key === "ArrowRight" && groupOf(item)) {
    if (!isOpen(item)) setOpen(item, true);
    else if (groupOf(item).firstElementChild) focusOn(tree, groupOf(item).firstElementChild);
  } else if (event.key === "ArrowLeft") {
    const above = item.parentElement.closest("[role=treeitem]");
    if (groupOf(item) && isOpen(item)) setOpen(item, false);
    else if (above) focusOn(tree, above);
  } else if (event.key === "Enter") {
    rowOf(item)?.querySelector("a.row-title")?.click();
  } else return;
  event.preventDefault();
});

document.addEventListener("htmx:afterSettle", () => prepare(document));
prepare(document);
