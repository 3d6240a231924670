// [data-months], the field "Month by month": each change goes to the server by itself and after the one before is answered,
// so that none is lost and none depends on how fast the network is. Nothing is sent away before all are answered.
import { drawn, sentWith } from "./typed.js";

const isOurs = (element) => Boolean(element.closest("[data-months]"));
let waiting = [];
let asked = null;
let submission = null;

const isBusy = () => Boolean(asked?.isConnected);
// Typed, but not answered yet.
const open = () => [...document.querySelectorAll("[data-months] :is(input, select)[hx-post]")].filter((field) => field.value !== drawn(field));
const others = (asker) => open().filter((field) => field !== asker);

const wait = (id) => { if (!waiting.includes(id)) waiting.push(id); };

function goOn() {
  while (!isBusy() && waiting.length) {
    const field = document.getElementById(waiting[0]);
    if (field) htmx.trigger(field, field.tagName === "BUTTON" ? "click" : "change");
    if (!isBusy()) waiting.shift();
  }
  if (isBusy() || !submission) return;
  const { form, submitter } = submission;
  submission = null;
  form.requestSubmit(submitter);
}

document.addEventListener("htmx:confirm", (event) => {
  const { elt } = event.detail;
  if (!isOurs(elt) || (!isBusy() && elt.id === (waiting[0] ?? elt.id))) return;
  event.preventDefault();
  wait(elt.id);
  goOn();
});

// A request is about one change: of whatever else is being typed, or waits, the server hears what it drew itself.
document.addEventListener("htmx:configRequest", ({ detail }) => {
  if (isOurs(detail.elt)) for (const field of others(detail.elt)) detail.parameters[field.name] = drawn(field);
});
document.addEventListener("htmx:beforeRequest", ({ detail }) => {
  if (!isOurs(detail.elt)) return;
  asked = detail.elt;
  waiting = waiting.filter((id) => id !== asked.id);
  for (const field of others(asked)) sentWith.get(detail.xhr).set(field.id, drawn(field));
});

document.addEventListener("htmx:afterRequest", ({ detail }) => {
  if (!asked || detail.requestConfig?.elt !== asked) return;
  const { id } = asked;
  asked = null;
  if (detail.successful) return goOn();
  // It stands in its field, and is asked about again before the next change.
  waiting.unshift(id);
  submission = null;
});

document.addEventListener("submit", (event) => {
  if (!event.target.querySelector("[data-months]")) return;
  for (const field of open()) if (field !== asked) wait(field.id);
  if (!isBusy() && !waiting.length) return;
  event.preventDefault();
  event.stopPropagation();
  submission = { form: event.target, submitter: event.submitter };
  goOn();
}, true);
