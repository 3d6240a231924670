// The keys of the assignment grid: those of a spreadsheet, while a cell is open and while none is.
import { fill } from "./sheet_steps.js";

export function typing(sheet, event) {
  const quick = event.target.dataset.quick && !event.shiftKey;
  const steps = { Enter: [event.shiftKey ? -1 : 1, 0], Tab: [0, event.shiftKey ? -1 : 1] };
  if (quick) Object.assign(steps, { ArrowDown: [1, 0], ArrowUp: [-1, 0], ArrowLeft: [0, -1], ArrowRight: [0, 1] });
  if (event.key === "Escape") {
    event.preventDefault();
    sheet.leave(false);
    sheet.focus();
  } else if (steps[event.key] && !event.isComposing) {
    event.preventDefault();
    sheet.leave(true);
    sheet.go(sheet.active.row + steps[event.key][0], sheet.active.column + steps[event.key][1]);
    // Under a finger the next cell opens at once: there are no arrows.
    if (sheet.isTouched) sheet.edit();
  }
  event.stopPropagation();
}

export function key(sheet, event) {
  const { row, column } = sheet.active;
  const [lastRow, lastColumn] = [sheet.rows.length - 1, sheet.columns.length - 1];
  const page = sheet.rowsInView();
  const isCommand = event.ctrlKey || event.metaKey;
  const moves = {
    ArrowDown: [isCommand ? lastRow : row + 1, column], ArrowUp: [isCommand ? 0 : row - 1, column],
    ArrowRight: [row, isCommand ? lastColumn : column + 1], ArrowLeft: [row, isCommand ? 0 : column - 1],
    PageDown: [row + page, column], PageUp: [row - page, column],
    Home: [isCommand ? 0 : row, 0], End: [isCommand ? lastRow : row, lastColumn],
  };
  const commands = {
    z: () => (event.shiftKey ? sheet.takeBack(sheet.undone, sheet.done) : sheet.takeBack(sheet.done, sheet.undone)),
    y: () => sheet.takeBack(sheet.undone, sheet.done),
    d: () => fill(sheet, "down"),
    r: () => fill(sheet, "right"),
    a: () => { sheet.anchor = { row: 0, column: 0 }; sheet.active = { row: lastRow, column: lastColumn - 1 }; sheet.mark(); sheet.tell(); },
  };
  if (moves[event.key]) sheet.go(...moves[event.key], { extend: event.shiftKey });
  else if (isCommand && commands[event.key.toLowerCase()]) commands[event.key.toLowerCase()]();
  else if (event.key === "Tab" && !isCommand && sheet.fits(column + (event.shiftKey ? -1 : 1))) sheet.go(row, column + (event.shiftKey ? -1 : 1));
  else if (event.key === "Enter" || event.key === "F2") sheet.edit();
  else if (event.key === "Delete" || event.key === "Backspace") sheet.write(sheet.chosen().map(([r, c]) => [r, c, ""]));
  else if (event.key.length === 1 && !isCommand && !event.altKey) sheet.edit(event.key);
  else return;
  event.preventDefault();
  event.stopPropagation();
}
