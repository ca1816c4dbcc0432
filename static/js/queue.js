// My queue: keeps what is ticked and where the focus is while the list renews itself, and moves by keyboard.

const live = () => document.getElementById("queue-live");
const rows = () => [...document.querySelectorAll("[data-row]")];
const typing = (target) => target.closest("input:not([type=checkbox]), textarea, select, [contenteditable]");
let ticked = new Set();
let known = new Set(rows().map((row) => row.id));
let current = null;

document.addEventListener("htmx:beforeRequest", (event) => {
  // Nobody looks at a hidden page; it catches up as soon as it is shown.
  if (event.detail.elt === live() && document.hidden) event.preventDefault();
});
document.addEventListener("visibilitychange", () => {
  if (!document.hidden && live()) window.htmx.trigger(live(), "queue:poll");
});

document.addEventListener("htmx:beforeSwap", (event) => {
  if (event.detail.target !== live()) return;
  const accepted = event.detail.requestConfig.verb === "post";
  ticked = new Set(accepted ? [] : [...document.querySelectorAll("input[name=lead]:checked")].map((box) => box.id));
  known = new Set(rows().map((row) => row.id));
  current = document.querySelector("[data-current]")?.id ?? document.activeElement?.closest("[data-row]")?.id;
});
document.addEventListener("htmx:afterSwap", (event) => {
  if (event.detail.target.id !== "queue-live" && !event.detail.elt?.closest?.("#queue-live")) return;
  for (const id of ticked) {
    const box = document.getElementById(id);
    if (box) box.checked = true;
  }
  for (const row of rows()) row.classList.toggle("is-new", !known.has(row.id));
  if (current) document.getElementById(current)?.setAttribute("data-current", "");
  tell();
});

document.addEventListener("change", (event) => {
  if (event.target.matches("[data-select-all]")) {
    for (const box of document.querySelectorAll("input[name=lead]")) box.checked = event.target.checked;
  }
  if (event.target.matches("[data-select-all], input[name=lead]")) tell();
});

function tell() {
  const boxes = [...document.querySelectorAll("input[name=lead]")];
  const all = document.querySelector("[data-select-all]");
  if (!all) return;
  const count = boxes.filter((box) => box.checked).length;
  all.checked = count > 0 && count === boxes.length;
  all.indeterminate = count > 0 && count < boxes.length;
}

function move(step) {
  const list = rows();
  if (!list.length) return;
  const here = list.findIndex((row) => row.hasAttribute("data-current"));
  const next = list[Math.max(0, Math.min(list.length - 1, here < 0 ? 0 : here + step))];
  list[here]?.removeAttribute("data-current");
  next.setAttribute("data-current", "");
  next.querySelector(".queue-who a").focus();
  next.scrollIntoView({ block: "nearest" });
}

document.addEventListener("keydown", (event) => {
  if (!document.body.hasAttribute("data-shortcuts") || typing(event.target)) return;
  if (event.ctrlKey || event.metaKey || event.altKey || event.defaultPrevented) return;
  if (document.querySelector("dialog[open]")) return;
  const row = document.querySelector("[data-current]") ?? event.target.closest("[data-row]");
  const act = {
    j: () => move(1),
    k: () => move(-1),
    x: () => row?.querySelector("input[name=lead]")?.click(),
    w: () => document.querySelector("[data-key=w]")?.click(),
    a: () => {
      const button = document.querySelector("[data-key=a]");
      if (document.querySelector("input[name=lead]:checked")) button?.click();
      else row?.querySelector("button[name=only]")?.click();
    },
  }[event.key.toLowerCase()];
  if (act) {
    event.preventDefault();
    act();
  }
});
