// Entry of every page: the few behaviours htmx lacks. Each module listens on the document, so swapped parts need no set-up.
import "./theme.js";
import "./menu.js";
import "./dialog.js";
import "./toast.js";
import "./palette.js";
import "./grid.js";
import "./paste.js";
import "./forms.js";
import "./combobox.js";
import "./people.js";
import "./weights.js";
