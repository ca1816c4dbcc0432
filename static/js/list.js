// The lead list: selecting rows, panels that close, and the view that is saved being the one on screen.

const boxes = () => [...document.querySelectorAll("#leads input[name=lead]")];

document.addEventListener("change", (event) => {
  if (event.target.id === "select-page") {
    for (const box of boxes()) box.checked = event.target.checked;
  }
  if (event.target.id === "everything" && event.target.checked) {
    for (const box of boxes()) box.checked = false;
  }
  if (event.target.matches("input[name=lead]")) {
    document.getElementById("everything").checked = false;
    const page = document.getElementById("select-page");
    const count = boxes().filter((box) => box.checked).length;
    page.checked = count > 0 && count === boxes().length;
    page.indeterminate = count > 0 && count < boxes().length;
  }
});

document.addEventListener("htmx:afterSwap", (event) => {
  const list = document.getElementById("leads");
  if (!list || event.detail.target.id !== "leads") return;
  document.getElementById("view-query").value = list.dataset.query;
  const used = document.getElementById("filters-used");
  used.textContent = list.dataset.filtersUsed;
  used.hidden = !list.dataset.filtersUsed;
});

// What was chosen is seen in the list, which the panel would cover.
document.addEventListener("submit", (event) => {
  if (event.target.id !== "filters") return;
  for (const menu of event.target.querySelectorAll("details[open]")) {
    menu.open = false;
    event.target.closest(".filter-bar").scrollIntoView({ block: "nearest" });
  }
});

// Empty filters only make the address long.
document.addEventListener("htmx:configRequest", (event) => {
  if (event.detail.elt.id !== "filters") return;
  for (const [name, value] of [...event.detail.formData]) {
    if (value === "") event.detail.formData.delete(name);
  }
});
