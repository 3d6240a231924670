// What the scripts say comes from the page, so it is in the reader's language.
const words = document.getElementById("words").dataset;
const announcer = document.getElementById("announcer");

export const word = (key) => words[key] ?? "";

// Read out without moving the focus.
export function announce(text) {
  announcer.textContent = "";
  setTimeout(() => { announcer.textContent = text; }, 50);
}
