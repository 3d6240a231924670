// [data-turns]: an answer replaces the part it was asked for, and whoever else asks from inside is gone with it. So each change
// goes to the server by itself, after the one before is answered: none is lost, and none depends on how fast the network is.
// A form around such a part is sent when all is answered.
import { drawn } from "./typed.js";

const isOurs = (element) => Boolean(element.closest("[data-turns]"));
let waiting = [];
let asked = null;
let submission = null;

const isBusy = () => Boolean(asked?.isConnected);
const wait = (id) => { if (!waiting.includes(id)) waiting.push(id); };
const sourceOf = (elt, event) => event?.submitter ?? event?.target.closest("input, select, button") ?? elt;
// Typed, but not answered yet.
const open = () => [...document.querySelectorAll("[data-turns] :is(input, select)[hx-post]")].filter((field) => field.value !== drawn(field));

function goOn() {
  while (!isBusy() && waiting.length) {
    const next = document.getElementById(waiting[0]);
    if (next?.tagName === "BUTTON") next.click();
    else if (next) htmx.trigger(next, "change");
    if (!isBusy()) waiting.shift();
  }
  if (isBusy() || !submission) return;
  const { form, submitter } = submission;
  submission = null;
  form.requestSubmit(submitter);
}

document.addEventListener("htmx:confirm", (event) => {
  const { elt, triggeringEvent } = event.detail;
  if (!isOurs(elt)) return;
  const { id } = sourceOf(elt, triggeringEvent);
  if (!isBusy() && id === (waiting[0] ?? id)) return;
  event.preventDefault();
  wait(id);
  goOn();
});

// A request is about one change: of whatever else is being typed, or waits, the server hears what it drew itself.
document.addEventListener("htmx:configRequest", ({ detail }) => {
  if (!isOurs(detail.elt)) return;
  for (const field of open()) if (field !== detail.elt) detail.parameters[field.name] = drawn(field);
});

document.addEventListener("htmx:beforeRequest", ({ detail }) => {
  if (!isOurs(detail.elt)) return;
  asked = detail.elt;
  const { id } = sourceOf(asked, detail.requestConfig.triggeringEvent);
  waiting = waiting.filter((one) => one !== id);
});

document.addEventListener("htmx:afterRequest", ({ detail }) => {
  if (!asked || detail.requestConfig?.elt !== asked) return;
  asked = null;
  if (detail.successful) return goOn();
  // What was typed stands in its field, and is asked about again before the next change.
  waiting.unshift(sourceOf(detail.requestConfig.elt, detail.requestConfig.triggeringEvent).id);
  submission = null;
});

document.addEventListener("submit", (event) => {
  if (!event.target.querySelector("[data-turns]")) return;
  for (const field of open()) if (field !== asked) wait(field.id);
  if (!isBusy() && !waiting.length) return;
  event.preventDefault();
  event.stopPropagation();
  submission = { form: event.target, submitter: event.submitter };
  goOn();
}, true);

window.addEventListener("beforeunload", (event) => { if (waiting.length) event.preventDefault(); });
