// Menus are <details>, the drawer is a popover: both open without a script. Here: Esc, and leaving them, closes them.
const openMenus = () => document.querySelectorAll("details.menu[open]");

function closeMenus(except) {
  for (const menu of openMenus()) if (!menu.contains(except)) menu.open = false;
}

document.addEventListener("click", (event) => closeMenus(event.target));
document.addEventListener("focusin", (event) => closeMenus(event.target));
document.addEventListener("keydown", (event) => {
  if (event.key !== "Escape") return;
  for (const menu of openMenus()) {
    event.preventDefault();
    menu.open = false;
    menu.querySelector("summary").focus();
  }
});

// Tabbing out of the open drawer closes it, so that the focus is never under it.
document.addEventListener("focusout", (event) => {
  const drawer = event.target.closest?.("#sidebar:popover-open");
  if (drawer && event.relatedTarget && !drawer.contains(event.relatedTarget)) drawer.hidePopover();
});
