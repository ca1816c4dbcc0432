// The lead page: Escape leaves an inline edit, and the focus goes where the hand is.

document.addEventListener("htmx:afterSwap", (event) => {
  const field = event.detail.target.querySelector?.(".fact-form :is(input:not([type=hidden]), select, textarea)")
    ?? document.querySelector(`#${CSS.escape(event.detail.target.id || "none")} .fact-form :is(input:not([type=hidden]), select, textarea)`);
  field?.focus();
});

document.addEventListener("keydown", (event) => {
  const form = event.key === "Escape" && event.target.closest?.("form[data-cancel]");
  if (!form) return;
  event.preventDefault();
  const back = form.dataset.return;
  form.querySelector("a.btn").click();
  document.addEventListener("htmx:afterSettle", () => document.getElementById(back)?.focus(), { once: true });
});

// After saving, the pencil that opened the field has the focus again.
let edited = "";
document.addEventListener("htmx:beforeRequest", (event) => {
  edited = event.detail.elt.matches("form[data-return]") ? event.detail.elt.dataset.return : "";
});
document.addEventListener("htmx:afterSettle", () => {
  if (!edited || document.querySelector("dialog[open]")) return;
  document.getElementById(edited)?.focus();
  edited = "";
});

document.addEventListener("keydown", (event) => {
  if (!(event.ctrlKey || event.metaKey) || event.key !== "Enter") return;
  const form = event.target.closest?.("form");
  if (form) {
    event.preventDefault();
    form.requestSubmit();
  }
});
