// The editor's steps: one request after another, and a stack of what takes them back. A step that got no answer
// stays first in the line until it is tried again; the stacks outlive a reload of the page.
const LIMIT = 200;

export class Commands {
  // answered(part, entry) gets the new drawing; changed(state) hears "saving", "saved" or "failed".
  constructor(editor, { answered, changed }) {
    this.editor = editor;
    this.answered = answered;
    this.changed = changed;
    this.key = `map-steps-${editor.dataset.map}`;
    this.waiting = [];
    this.running = false;
    const kept = JSON.parse(sessionStorage.getItem(this.key) ?? "{}");
    this.stacks = { undo: kept.undo ?? [], redo: kept.redo ?? [] };
  }

  get unsaved() {
    return this.waiting.length > 0;
  }

  can(way) {
    return this.stacks[way].length > 0;
  }

  do(command, after = null) {
    this.waiting.push({ way: "do", command, after });
    this.run();
  }

  // Undo takes the last step back; what takes that back again goes to the other stack.
  takeBack(way) {
    if (this.running || this.waiting.length || !this.can(way)) return false;
    this.waiting.push({ way, command: this.stacks[way].at(-1) });
    this.run();
    return true;
  }

  async run() {
    if (this.running || !this.waiting.length) return;
    this.running = true;
    this.changed("saving");
    while (this.waiting.length) {
      const entry = this.waiting[0];
      const part = await this.send(entry.command);
      if (!part) {
        this.running = false;
        this.changed("failed");
        return;
      }
      this.waiting.shift();
      this.note(entry, part);
      this.answered(part, entry);
    }
    this.running = false;
    this.changed("saved");
    document.body.dispatchEvent(new Event("map:saved"));
  }

  note({ way, command }, part) {
    const { undo, refused } = part.dataset;
    if (way !== "do") this.stacks[way].pop();
    if (!refused && undo && undo !== "{}") {
      if (way === "do") this.stacks.redo = [];
      this.stacks[way === "undo" ? "redo" : "undo"].push(JSON.parse(undo));
      this.stacks.undo.splice(0, this.stacks.undo.length - LIMIT);
    }
    sessionStorage.setItem(this.key, JSON.stringify(this.stacks));
    return command;
  }

  // The drawing as it is now, or null when there was no answer that can be read.
  async send(command) {
    const body = new URLSearchParams(Object.entries(command).filter(([, value]) => value !== null && value !== undefined));
    try {
      const answer = await fetch(this.editor.dataset.url, { method: "POST", body, headers: JSON.parse(document.body.getAttribute("hx-headers")) });
      if (!answer.ok && answer.status !== 422) return null;
      return new DOMParser().parseFromString(await answer.text(), "text/html").querySelector("[data-map-canvas]");
    } catch {
      return null;
    }
  }
}
