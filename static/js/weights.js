// <form data-weights>: while weights are typed ([data-weight] input), [data-weight-total] shows what they add up to.
const language = document.documentElement.lang || "en";
const point = language === "vi" ? "," : ".";

// The server reads what is sent; here only what is certainly a number counts.
function numberOf(text) {
  const plain = text.replaceAll(point === "," ? "." : ",", "").replace(point, ".").trim();
  return /^\d+(\.\d+)?$/.test(plain) ? Math.round(Number(plain) * 100) : 0;
}

document.addEventListener("input", (event) => {
  const form = event.target.closest?.("[data-weights]");
  if (!form || !event.target.closest("[data-weight]")) return;
  const total = [...form.querySelectorAll("[data-weight] input")].reduce((sum, field) => sum + numberOf(field.value), 0);
  const shown = form.querySelector("[data-weight-total]");
  shown.textContent = `${(total / 100).toLocaleString(language, { maximumFractionDigits: 2 })}%`;
  shown.classList.toggle("text-destructive", total !== 10000);
});
