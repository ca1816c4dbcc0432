// Work mode by keyboard: J and K go on and back, a number logs its outcome, A accepts, N writes, Enter saves.

const typing = (target) => target.closest("input:not([type=radio], [type=checkbox]), textarea, select, [contenteditable]");
let days = [...document.querySelectorAll("input[name=next_in_days]")];

document.addEventListener("keydown", (event) => {
  if (!document.body.hasAttribute("data-shortcuts") || typing(event.target)) return;
  if (event.ctrlKey || event.metaKey || event.altKey || event.defaultPrevented) return;
  if (document.querySelector("dialog[open]")) return;
  const key = event.key.toLowerCase();
  if (key === "enter") {
    // A focused link or button keeps its own Enter.
    if (event.target.closest("a, button, summary")) return;
    event.preventDefault();
    document.getElementById("save").click();
    return;
  }
  if (key === "d") {
    event.preventDefault();
    const here = days.findIndex((one) => one.checked);
    const next = days[(here + 1) % days.length];
    next.checked = true;
    next.focus();
    return;
  }
  const aim = document.querySelector(`[data-key="${CSS.escape(key)}"]`);
  if (!aim) return;
  event.preventDefault();
  if (aim.matches("input")) aim.focus();
  else aim.click();
});

// One lead is logged once, however fast the keys come.
document.getElementById("outcome-form")?.addEventListener("submit", (event) => {
  if (event.target.dataset.sent) event.preventDefault();
  event.target.dataset.sent = "yes";
});
