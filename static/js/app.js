// Entry of every page: the few behaviours htmx lacks. Each module listens on the document, so swapped parts need no set-up.
import "./theme.js";
import "./menu.js";
import "./dialog.js";
import "./toast.js";
import "./palette.js";
import "./grid.js";
import "./paste.js";
import "./typed.js";
import "./forms.js";
import "./weights.js";

// Fields that search are on few pages: their code comes with the first of them. Later ones it finds itself.
const SEARCHING = new Map([["select[data-combobox]", () => import("./combobox.js")], ["input[data-person]", () => import("./people.js")]]);
const fetchSearching = () => SEARCHING.forEach((fetchCode, field) => { if (document.querySelector(field)) fetchCode(); });
fetchSearching();
document.addEventListener("htmx:afterSettle", fetchSearching);
