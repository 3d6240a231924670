// What works on many cells of the assignment grid at once: a block, filling, numbers, weights.
import { blockOf } from "./paste.js";
import { toast } from "./toast.js";
import { word } from "./words.js";

export const clamp = (value, count) => Math.max(0, Math.min(value, count - 1));

export function paste(sheet, text) {
  const block = blockOf(text);
  const { top, bottom, left, right } = sheet.area();
  if (block.length === 1 && block[0].length === 1) {
    return sheet.write(sheet.chosen().map(([row, column]) => [row, column, block[0][0].trim()]));
  }
  const changes = [];
  let missed = 0;
  // What stands to the right of the last period is no total.
  const width = left === sheet.columns.length - 1 ? sheet.columns.length : sheet.columns.length - 1;
  // A single line over a choice of several rows is repeated, as spreadsheets do.
  const lines = block.length === 1 ? Array(bottom - top + 1).fill(block[0]) : block;
  lines.forEach((line, down) => line.forEach((value, across) => {
    const [row, column] = [top + down, left + across];
    if (row < sheet.rows.length && column < width && !sheet.isClosed(row, column)) changes.push([row, column, value.trim()]);
    else if (value.trim()) missed += 1;
  }));
  if (missed) toast({ text: word("didNotFit").replace("%s", missed), kind: "warning" });
  sheet.write(changes);
  sheet.active = { row: top, column: left };
  sheet.anchor = { row: clamp(top + lines.length - 1, sheet.rows.length), column: clamp(Math.max(right, left + block[0].length - 1), width) };
  sheet.mark();
  sheet.tell();
}

export function fill(sheet, direction) {
  const { top, bottom, left, right } = sheet.area();
  const isDown = direction === "down";
  // One row, or one column, chosen: from the neighbour before it.
  const from = isDown ? (top === bottom ? top - 1 : top) : (left === right ? left - 1 : left);
  if (from < 0) return;
  sheet.write(sheet.chosen()
    .filter(([row, column]) => (isDown ? row !== from : column !== from))
    .map(([row, column]) => [row, column, isDown ? sheet.text(from, column) : sheet.text(row, from)]));
}

export function adjust(sheet) {
  const { top, bottom, left, right } = sheet.area();
  const places = Array.from({ length: bottom - top + 1 }, (_unused, step) => top + step);
  const amount = sheet.root.querySelector("[data-sheet-amount]").value;
  if (!amount.trim()) return sheet.root.querySelector("[data-sheet-amount]").focus();
  sheet.ask({
    rows: places.map((place) => sheet.rows[place].id),
    columns: sheet.columns.slice(left, right + 1),
    how: sheet.root.querySelector("[data-sheet-how]").value,
    amount,
  }, sheet.texts(places), true);
}

// The weights of everybody among the chosen rows, to 100.
export function balance(sheet) {
  const { top, bottom } = sheet.area();
  const chosen = sheet.rows.slice(top, bottom + 1);
  const owners = new Set(chosen.map((row) => row.owner));
  const places = [...sheet.rows.keys()].filter((place) => owners.has(sheet.rows[place].owner));
  sheet.ask({ balance: chosen.map((row) => row.id) }, sheet.texts(places), true);
}

// What is chosen, for everybody who has the same KPI.
export function same(sheet) {
  const { top, bottom, left, right } = sheet.area();
  const from = new Map();
  for (let row = top; row <= bottom; row += 1) if (!from.has(sheet.rows[row].definition)) from.set(sheet.rows[row].definition, row);
  const changes = [];
  sheet.rows.forEach(({ definition }, row) => {
    const source = from.get(definition);
    if (source === undefined || source === row) return;
    for (let column = left; column <= right; column += 1) changes.push([row, column, sheet.text(source, column)]);
  });
  sheet.write(changes);
}
