// A block copied from a spreadsheet, pasted into a cell, fills the cells to the right and below with one request:
// POST data-paste-url with cell=<row>:<col> and value=<text>, repeated; the answer swaps the rows out of band.
import { gridOf, isCell, setState } from "./grid.js";
import { toast } from "./toast.js";
import { word } from "./words.js";

export function blockOf(text) {
  return text.replace(/\r\n?/g, "\n").replace(/\n$/, "").split("\n").map((line) => line.split("\t"));
}

// The cells a block covers, by the order of rows and columns on the page; locked and missing ones are left out.
function cover(cell, block) {
  const cells = [...gridOf(cell).querySelectorAll("[data-cell]")];
  const rows = [...new Set(cells.map((one) => one.dataset.row))];
  const columns = [...new Set(cells.map((one) => one.dataset.col))];
  const byKey = new Map(cells.map((one) => [`${one.dataset.row}:${one.dataset.col}`, one]));
  const [top, left] = [rows.indexOf(cell.dataset.row), columns.indexOf(cell.dataset.col)];
  const pairs = [];
  let missed = 0;
  block.forEach((line, down) => line.forEach((value, right) => {
    const target = byKey.get(`${rows[top + down]}:${columns[left + right]}`);
    if (target && !target.disabled && !target.readOnly) pairs.push([target, value.trim()]);
    else if (value.trim()) missed += 1;
  }));
  return { pairs, missed };
}

document.addEventListener("paste", (event) => {
  const cell = event.target;
  const url = isCell(cell) && cell.closest("[data-paste-url]")?.dataset.pasteUrl;
  const text = event.clipboardData?.getData("text/plain") ?? "";
  if (!url || !/[\t\n]/.test(text.trim())) return;
  event.preventDefault();
  const { pairs, missed } = cover(cell, blockOf(text));
  for (const [target, value] of pairs) {
    target.value = target.dataset.sent = value;
    setState(target, "saving");
  }
  if (missed) toast({ text: word("didNotFit").replace("%s", missed), kind: "warning" });
  const values = {
    cell: pairs.map(([target]) => `${target.dataset.row}:${target.dataset.col}`),
    value: pairs.map(([, value]) => value),
  };
  const fail = () => pairs.forEach(([target]) => {
    delete target.dataset.sent;
    if (target.isConnected) setState(target, "error");
  });
  htmx.ajax("POST", url, { values, swap: "none", source: cell.closest("[data-paste-url]") }).catch(fail);
});
