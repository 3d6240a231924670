// The assignment grid: cells of <section data-sheet> drawn from the JSON beside it, only the rows in view. Works by
// keyboard like a spreadsheet. What is typed or pasted goes to data-url at once; the server reads every number, and
// its answer is what stands in the cells, so that there is one place that knows how numbers are written and rounded.
import { send } from "./send.js";
import { key, typing } from "./sheet_keys.js";
import { adjust, balance, clamp, fill, paste, same } from "./sheet_steps.js";
import { toast } from "./toast.js";
import { announce, word } from "./words.js";

const ROW_HEIGHT = 44;
const SPARE_ROWS = 8;

class Sheet {
  constructor(root) {
    const data = JSON.parse(document.getElementById("sheet-data").textContent);
    this.root = root;
    this.columns = [...data.columns, "total"];
    this.rows = data.rows;
    this.weights = data.weights;
    this.places = new Map(this.rows.map((row, place) => [row.id, place]));
    this.active = { row: 0, column: Math.min(2, this.columns.length - 1) };
    this.anchor = { ...this.active };
    this.done = [];
    this.undone = [];
    this.waiting = Promise.resolve();
    this.asked = [];
    this.body = root.querySelector("[data-sheet-body]");
    this.scroller = root.querySelector("[data-sheet-scroll]");
    this.listen();
    this.draw();
  }

  // --- what stands where ---

  text(row, column) {
    return column === this.columns.length - 1 ? this.rows[row].total : this.rows[row].cells[column];
  }

  isClosed(row, column) {
    return this.rows[row].closed[this.columns[column]] ?? "";
  }

  area() {
    const { active, anchor } = this;
    return {
      top: Math.min(active.row, anchor.row), bottom: Math.max(active.row, anchor.row),
      left: Math.min(active.column, anchor.column), right: Math.max(active.column, anchor.column),
    };
  }

  chosen() {
    const { top, bottom, left, right } = this.area();
    const cells = [];
    for (let row = top; row <= bottom; row += 1) for (let column = left; column <= right; column += 1) cells.push([row, column]);
    return cells;
  }

  // --- drawing ---

  draw() {
    const first = Math.max(0, Math.floor(this.scroller.scrollTop / ROW_HEIGHT) - SPARE_ROWS);
    const last = Math.min(this.rows.length, first + Math.ceil(this.scroller.clientHeight / ROW_HEIGHT) + 2 * SPARE_ROWS);
    const hadFocus = this.body.contains(document.activeElement);
    const drawn = [];
    if (first) drawn.push(this.gap(first));
    for (let row = first; row < last; row += 1) drawn.push(this.drawRow(row));
    if (last < this.rows.length) drawn.push(this.gap(this.rows.length - last));
    this.first = first;
    this.body.replaceChildren(...drawn);
    this.mark();
    if (hadFocus) this.focus();
    this.tell();
  }

  // An answer arrives while the next cell is typed into: everything but that cell is drawn anew.
  redraw() {
    if (!this.field) return this.draw();
    for (const line of [...this.body.rows]) {
      const place = Number(line.getAttribute("aria-rowindex")) - 2;
      if (place < 0) continue;
      const fresh = this.drawRow(place);
      const cells = [...fresh.cells];
      if (place !== this.active.row) line.replaceWith(fresh);
      else [...line.cells].forEach((cell, at) => { if (!cell.contains(this.field)) cell.replaceWith(cells[at]); });
    }
    this.mark();
    this.tell();
  }

  gap(rows) {
    const line = document.createElement("tr");
    line.setAttribute("role", "presentation");
    line.className = "sheet-gap";
    line.style.height = `${rows * ROW_HEIGHT}px`;
    return line;
  }

  drawRow(place) {
    const row = this.rows[place];
    const line = document.createElement("tr");
    line.setAttribute("role", "row");
    line.setAttribute("aria-rowindex", place + 2);
    const head = document.createElement("th");
    head.scope = "row";
    head.setAttribute("role", "rowheader");
    head.className = "sheet-head";
    const same = place > 0 && this.rows[place - 1].owner === row.owner;
    head.append(part("b", row.name, same ? "sheet-same" : ""), part("small", [row.kpi, row.unit, row.own].filter(Boolean).join(" · ")));
    head.title = `${row.name} ${row.code} · ${row.kpi}`;
    line.append(head, this.drawWeight(row, same));
    for (let column = 0; column < this.columns.length; column += 1) line.append(this.drawCell(place, column));
    return line;
  }

  drawWeight(row, same) {
    const { text, note, ok } = this.weights[row.owner];
    const cell = document.createElement("td");
    cell.setAttribute("role", "gridcell");
    cell.className = "sheet-weight";
    if (!ok) cell.dataset.off = "";
    else if (same) cell.dataset.same = "";
    cell.append(part("b", text), part("small", note));
    return cell;
  }

  drawCell(place, column) {
    const row = this.rows[place];
    const cell = document.createElement("td");
    cell.setAttribute("role", "gridcell");
    cell.dataset.row = place;
    cell.dataset.column = column;
    cell.tabIndex = -1;
    cell.textContent = this.text(place, column);
    if (row.wrong[this.columns[column]]) cell.setAttribute("aria-invalid", "true");
    if (this.isClosed(place, column)) {
      cell.setAttribute("aria-readonly", "true");
      cell.dataset.closed = "";
    }
    if (column === this.columns.length - 1) cell.dataset.total = "";
    return cell;
  }

  cell(row, column) {
    return this.body.querySelector(`td[data-row="${row}"][data-column="${column}"]`);
  }

  mark() {
    const { top, bottom, left, right } = this.area();
    const many = top !== bottom || left !== right;
    for (const cell of this.body.querySelectorAll("td[data-row]")) {
      const [row, column] = [Number(cell.dataset.row), Number(cell.dataset.column)];
      const isChosen = row >= top && row <= bottom && column >= left && column <= right;
      cell.setAttribute("aria-selected", isChosen);
      cell.classList.toggle("sheet-chosen", many && isChosen);
      const isActive = row === this.active.row && column === this.active.column;
      cell.classList.toggle("sheet-active", isActive);
      cell.tabIndex = isActive ? 0 : -1;
    }
    // A table without the active cell in view can still be reached by Tab.
    if (!this.body.querySelector('td[tabindex="0"]')) this.body.querySelector("td[data-row]")?.setAttribute("tabindex", "0");
    const { wrong, closed } = this.rows[this.active.row];
    const name = this.columns[this.active.column];
    const shown = this.root.querySelector("[data-sheet-message]");
    shown.textContent = wrong[name] ?? (closed[name] ? this.root.dataset[`word${camel(closed[name])}`] : "");
    shown.toggleAttribute("data-error", name in wrong);
  }

  tell() {
    const count = this.rows.reduce((sum, row) => sum + Object.keys(row.wrong).length, 0);
    const note = this.root.querySelector("[data-sheet-note]");
    const many = this.area();
    const cells = (many.bottom - many.top + 1) * (many.right - many.left + 1);
    const off = Object.values(this.weights).filter((one) => !one.ok).length;
    const said = [count ? this.root.dataset.wordWrong.replace("%s", count) : this.root.dataset.wordFine];
    if (off) said.push(this.root.dataset.wordOff.replace("%s", off));
    note.textContent = cells > 1 ? [this.root.dataset.wordSelected.replace("%s", cells), ...said].join(" · ") : said.join(" · ");
    note.toggleAttribute("data-error", count > 0);
    this.root.querySelector('[data-sheet-do="undo"]').disabled = !this.done.length;
  }

  focus() {
    this.cell(this.active.row, this.active.column)?.focus({ preventScroll: true });
  }

  go(row, column, { extend = false } = {}) {
    this.active = { row: clamp(row, this.rows.length), column: clamp(column, this.columns.length) };
    if (!extend) this.anchor = { ...this.active };
    this.show();
    this.mark();
    this.tell();
    this.focus();
  }

  // Scroll until the active cell is in view, past the columns and the head that stay.
  show() {
    const top = this.active.row * ROW_HEIGHT;
    const head = this.root.querySelector("thead").offsetHeight;
    const { scroller } = this;
    if (top < scroller.scrollTop) scroller.scrollTop = top;
    else if (top + ROW_HEIGHT + head > scroller.scrollTop + scroller.clientHeight) scroller.scrollTop = top + ROW_HEIGHT + head - scroller.clientHeight;
    if (!this.cell(this.active.row, this.active.column)) this.draw();
    const cell = this.cell(this.active.row, this.active.column);
    if (!cell) return;
    const held = cell.parentElement.firstElementChild.offsetWidth;
    if (cell.offsetLeft - held < scroller.scrollLeft) scroller.scrollLeft = cell.offsetLeft - held;
    else if (cell.offsetLeft + cell.offsetWidth > scroller.scrollLeft + scroller.clientWidth) scroller.scrollLeft = cell.offsetLeft + cell.offsetWidth - scroller.clientWidth;
  }

  // --- writing ---

  write(changes, { undoable = true } = {}) {
    // A total beside other cells follows from them.
    const total = this.columns.length - 1;
    const isTotal = changes.every(([, column]) => column === total);
    const open = changes.filter(([row, column]) => !this.isClosed(row, column) && (isTotal || column !== total));
    if (!open.length) return;
    const before = this.texts(open.map(([row]) => row));
    for (const [row, column, text] of open) {
      if (isTotal) this.rows[row].total = text;
      else this.rows[row].cells[column] = text;
    }
    this.draw();
    this.ask({ cells: open.map(([row, column, text]) => [this.rows[row].id, this.columns[column], text]), spread: this.root.querySelector("[data-sheet-spread]").value }, before, undoable);
  }

  // What the rows say in all their cells: what undo writes back.
  texts(places) {
    return new Map([...new Set(places)].map((place) => [place, [...this.rows[place].cells]]));
  }

  ask(body, before, undoable) {
    this.asked.push(body);
    this.waiting = this.waiting.then(async () => {
      this.root.setAttribute("aria-busy", "true");
      const { ok, data } = await send(this.root.dataset.url, body);
      this.root.removeAttribute("aria-busy");
      this.asked.shift();
      if (!ok) return this.refuse(data, body);
      this.take(data);
      for (const text of data.left ?? []) toast({ text, kind: "warning" });
      this.retype();
      const changed = [...before].filter(([place, cells]) => cells.some((text, column) => text !== this.rows[place].cells[column]));
      if (undoable && changed.length) {
        this.done.push(new Map(changed));
        this.undone = [];
      }
      this.redraw();
      announce(this.rows[this.active.row].wrong[this.columns[this.active.column]] ?? word("saved"));
    });
    return this.waiting;
  }

  take({ rows, weights }) {
    for (const row of rows) Object.assign(this.rows[this.places.get(row.id)], row);
    Object.assign(this.weights, weights);
  }

  // What was typed after an answer had left stays on the page until its own answer is here.
  retype() {
    for (const { cells = [] } of this.asked) {
      for (const [id, name, text] of cells) {
        const [row, column] = [this.rows[this.places.get(id)], this.columns.indexOf(name)];
        if (column === this.columns.length - 1) row.total = text;
        else row.cells[column] = text;
      }
    }
  }

  // Nothing was kept: what was typed stays on the page, marked, so that it can be tried again.
  refuse(data, { cells = [] }) {
    toast({ text: data?.error ?? word("offline"), kind: "error" });
    for (const [id, column] of cells) this.rows[this.places.get(id)].wrong[column] = word("notSaved");
    this.redraw();
  }

  // What is on its way counts: it has to arrive before it can be taken back.
  takeBack(from, to) {
    this.waiting = this.waiting.then(() => {
      const step = from.pop();
      if (!step) return;
      to.push(this.texts(step.keys()));
      const changes = [];
      for (const [place, cells] of step) {
        cells.forEach((text, column) => { if (text !== this.rows[place].cells[column]) changes.push([place, column, text]); });
      }
      this.write(changes, { undoable: false });
    });
  }

  // --- the one field that is open ---

  edit(start) {
    const { row, column } = this.active;
    const cell = this.cell(row, column);
    if (!cell || this.field || this.isClosed(row, column)) return;
    const field = document.createElement("input");
    field.className = "input";
    field.setAttribute("inputmode", "decimal");
    field.setAttribute("autocomplete", "off");
    field.size = 6;
    field.setAttribute("aria-label", `${this.rows[row].name}, ${this.rows[row].kpi}, ${this.columns[column]}`);
    field.value = start ?? this.text(row, column);
    field.dataset.quick = start === undefined ? "" : "yes";
    cell.replaceChildren(field);
    this.field = field;
    field.focus();
    if (start === undefined) field.select();
    field.addEventListener("blur", () => this.leave(true));
  }

  leave(keep) {
    const { field } = this;
    if (!field) return;
    this.field = null;
    const { row, column } = this.active;
    const text = field.value.trim();
    if (keep && text !== this.text(row, column)) this.write([[row, column, text]]);
    else this.draw();
  }

  // --- events ---

  listen() {
    const { body, scroller, root } = this;
    let asked = false;
    scroller.addEventListener("scroll", () => {
      if (asked || (this.field && this.inView(this.active.row))) return;
      asked = true;
      requestAnimationFrame(() => { asked = false; if (this.field) this.leave(true); else this.draw(); });
    });
    body.addEventListener("pointerdown", (event) => {
      const cell = event.target.closest("td[data-row]");
      // A finger may want to scroll: what it touches is known when it is lifted.
      this.isTouched = event.pointerType === "touch";
      if (!cell || event.target === this.field || event.button || this.isTouched) return;
      event.preventDefault();
      this.leave(true);
      this.go(Number(cell.dataset.row), Number(cell.dataset.column), { extend: event.shiftKey });
      this.dragging = event.pointerType === "mouse";
    });
    // The open cell keeps its focus until the next one opens, so that the keyboard of a phone stays.
    body.addEventListener("mousedown", (event) => { if (this.isTouched && event.target !== this.field) event.preventDefault(); });
    body.addEventListener("click", (event) => {
      const cell = this.isTouched && event.target.closest("td[data-row]");
      if (!cell || event.target === this.field) return;
      this.leave(true);
      this.go(Number(cell.dataset.row), Number(cell.dataset.column));
      this.edit();
    });
    body.addEventListener("pointerover", (event) => {
      const cell = this.dragging && event.target.closest("td[data-row]");
      if (cell) this.go(Number(cell.dataset.row), Number(cell.dataset.column), { extend: true });
    });
    document.addEventListener("pointerup", () => { this.dragging = false; });
    body.addEventListener("dblclick", () => this.edit());
    body.addEventListener("focusin", (event) => {
      const cell = event.target.closest("td[data-row]");
      if (cell && !this.field && !cell.classList.contains("sheet-active")) this.go(Number(cell.dataset.row), Number(cell.dataset.column));
    });
    root.addEventListener("click", (event) => this.click(event));
    root.querySelector("[data-sheet-amount]").addEventListener("keydown", (event) => {
      if (event.key === "Enter") { event.preventDefault(); adjust(this); }
    });
    body.addEventListener("keydown", (event) => (event.target === this.field ? typing(this, event) : key(this, event)));
    body.addEventListener("paste", (event) => {
      if (event.target === this.field && !/[\t\n]/.test(event.clipboardData.getData("text/plain").trim())) return;
      event.preventDefault();
      this.leave(false);
      paste(this, event.clipboardData.getData("text/plain"));
      this.focus();
    });
    body.addEventListener("copy", (event) => {
      if (event.target === this.field) return;
      event.preventDefault();
      const { top, bottom, left, right } = this.area();
      const lines = [];
      for (let row = top; row <= bottom; row += 1) {
        lines.push(Array.from({ length: right - left + 1 }, (_unused, step) => this.text(row, left + step)).join("\t"));
      }
      event.clipboardData.setData("text/plain", lines.join("\n"));
    });
    new ResizeObserver(() => { if (!this.field) this.draw(); }).observe(scroller);
  }

  click(event) {
    const column = event.target.closest("[data-sheet-column]")?.dataset.sheetColumn;
    if (column !== undefined) {
      this.anchor = { row: this.rows.length - 1, column: Number(column) };
      this.active = { row: 0, column: Number(column) };
      this.mark();
      this.tell();
    }
    const step = event.target.closest("[data-sheet-do]")?.dataset.sheetDo;
    if (step === "adjust") adjust(this);
    else if (step === "undo") this.takeBack(this.done, this.undone);
    else if (step === "balance") balance(this);
    else if (step === "same") same(this);
    else if (step) fill(this, step);
  }

  inView(row) {
    const [top, height] = [row * ROW_HEIGHT, this.scroller.clientHeight];
    return top + ROW_HEIGHT > this.scroller.scrollTop && top < this.scroller.scrollTop + height;
  }

  rowsInView() {
    return Math.max(1, Math.floor(this.scroller.clientHeight / ROW_HEIGHT) - 2);
  }

  fits(column) {
    return column >= 0 && column < this.columns.length;
  }
}

const camel = (name) => name.charAt(0).toUpperCase() + name.slice(1);

function part(tag, text, className = "") {
  const made = document.createElement(tag);
  made.textContent = text;
  if (className) made.className = className;
  return made;
}

const root = document.querySelector("[data-sheet]");
if (root) {
  const sheet = new Sheet(root);
  // Where nothing can be pasted into a cell, on a phone, a block is pasted into a text and goes where one stands.
  document.querySelector("[data-sheet-paste]").addEventListener("submit", (event) => {
    event.preventDefault();
    const field = event.target.querySelector("textarea");
    if (field.value.trim()) paste(sheet, field.value);
    field.value = "";
    event.target.closest("dialog").close();
  });
  // Put on cards only what has arrived.
  document.querySelector("[data-sheet-put]").addEventListener("submit", async (event) => {
    event.preventDefault();
    sheet.leave(true);
    await sheet.waiting;
    event.target.submit();
  });
}
