// Light, dark or as the system: kept in a cookie, so that the server draws the next page right at once.
const YEAR = 60 * 60 * 24 * 365;

document.addEventListener("click", (event) => {
  const choice = event.target.closest?.("[data-theme-choice]")?.dataset.themeChoice;
  if (!choice) return;
  document.documentElement.classList.remove("light", "dark", "system");
  document.documentElement.classList.add(choice);
  document.cookie = `theme=${choice}; path=/; max-age=${YEAR}; samesite=lax`;
  for (const button of document.querySelectorAll("[data-theme-choice]")) {
    button.setAttribute("aria-pressed", String(button.dataset.themeChoice === choice));
  }
});
