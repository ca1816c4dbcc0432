// What every page needs: menus that close, dialogs, notices, and the shortcuts that work everywhere.

const typing = (target) => target instanceof Element && target.closest("input:not([type=checkbox], [type=radio], [type=button], [type=submit]), textarea, select, [contenteditable]");
const shortcutsOn = () => document.body.hasAttribute("data-shortcuts");

document.addEventListener("click", (event) => {
  for (const menu of document.querySelectorAll("details.menu[open]")) {
    if (!menu.contains(event.target)) menu.open = false;
  }
  const opener = event.target.closest("[data-open]");
  if (opener) document.getElementById(opener.dataset.open)?.showModal();
});

// A click on the backdrop, which belongs to the dialog itself, closes it.
document.addEventListener("click", (event) => {
  if (event.target instanceof HTMLDialogElement && event.target.open) event.target.close();
});

let going = 0;

document.addEventListener("keydown", (event) => {
  if (event.key === "Escape") {
    const menu = document.querySelector("details.menu[open]");
    if (menu) {
      menu.open = false;
      menu.querySelector("summary").focus();
    } else if (typing(event.target) && !event.target.closest("dialog, [data-cancel]")) {
      event.target.blur();
    }
    return;
  }
  if (!shortcutsOn() || typing(event.target) || event.ctrlKey || event.metaKey || event.altKey) return;
  if (document.querySelector("dialog[open]")) return;
  if (event.timeStamp - going < 1200 && going) {
    going = 0;
    const link = document.querySelector(`[data-go="${CSS.escape(event.key)}"]`);
    if (link) {
      event.preventDefault();
      event.stopImmediatePropagation();
      link.click();
    }
  } else if (event.key === "g") {
    going = event.timeStamp;
  } else if (event.key === "/") {
    const fields = [...document.querySelectorAll("input[type=search][name=q]")];
    const field = fields.find((one) => one.checkVisibility());
    if (field) {
      event.preventDefault();
      field.focus();
      field.select();
    }
  } else if (event.key === "?") {
    event.preventDefault();
    document.getElementById("help")?.showModal();
  }
}, true);

const trouble = document.getElementById("trouble");
for (const name of ["htmx:sendError", "htmx:responseError", "htmx:timeout"]) {
  document.addEventListener(name, (event) => {
    if (!trouble || event.detail.requestConfig?.headers?.["X-Poll"]) return;
    const refused = [403, 404].includes(event.detail.xhr?.status);
    trouble.textContent = refused ? trouble.dataset.refused : trouble.dataset.silent;
    trouble.hidden = false;
  });
}
document.addEventListener("htmx:afterOnLoad", () => {
  if (trouble) trouble.hidden = true;
});

// A fragment may bring a dialog, such as the one for two people who changed the same field.
// It comes open, for those without JavaScript; here it is opened again so that it holds the focus.
const showDialogs = () => {
  for (const dialog of document.querySelectorAll("dialog[data-show]")) {
    delete dialog.dataset.show;
    dialog.close();
    dialog.showModal();
  }
};
document.addEventListener("htmx:afterSwap", showDialogs);
showDialogs();

// A field that sends its form as soon as it is changed; without JavaScript the form's own button does.
document.addEventListener("change", (event) => {
  if (event.target.matches("[data-send]")) event.target.form.requestSubmit();
});
