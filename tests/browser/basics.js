// What can be told about a page without a judge: names of controls, headings, unique ids, overflow, contrast of text.
() => {
  const said = [];
  const shown = (element) => element.checkVisibility({visibilityProperty: true, opacityProperty: true});
  const name = (element) => (element.getAttribute("aria-label") || element.title
    || [...(element.labels || [])].map((label) => label.textContent).join(" ")
    || (element.getAttribute("aria-labelledby") || "").split(" ").map((id) => document.getElementById(id)?.textContent || "").join(" ")
    || (element.matches("a, button, summary") ? element.textContent : "")).trim();
  for (const element of document.querySelectorAll("a[href], button, summary, input:not([type=hidden]), select, textarea")) {
    if (!name(element)) said.push("no name: " + element.outerHTML.slice(0, 120));
  }
  const ids = [...document.querySelectorAll("[id]")].map((element) => element.id);
  for (const id of new Set(ids.filter((id, at) => ids.indexOf(id) !== at))) said.push("id twice: " + id);
  const levels = [...document.querySelectorAll("h1, h2, h3, h4")].filter(shown).map((element) => +element.tagName[1]);
  if (levels.filter((level) => level === 1).length !== 1) said.push("headings of level 1: " + levels.filter((level) => level === 1).length);
  levels.forEach((level, at) => { if (at && level > levels[at - 1] + 1) said.push("heading skips to " + level); });
  if (document.documentElement.scrollWidth > innerWidth) {
    const wide = [...document.querySelectorAll("main *")].find((element) => element.getBoundingClientRect().right > innerWidth + 1);
    said.push("too wide: " + wide?.outerHTML.slice(0, 120));
  }
  for (const table of document.querySelectorAll("table")) if (!table.querySelector("th")) said.push("table without headers");

  const canvas = document.createElement("canvas").getContext("2d", {willReadFrequently: true});
  const paint = (color, under) => {
    canvas.fillStyle = `rgb(${under.join(",")})`; canvas.fillRect(0, 0, 1, 1);
    canvas.fillStyle = color; canvas.fillRect(0, 0, 1, 1);
    return [...canvas.getImageData(0, 0, 1, 1).data.slice(0, 3)];
  };
  const ground = (element) => {
    const chain = [];
    for (let one = element; one; one = one.parentElement) chain.unshift(one);
    return chain.reduce((under, one) => paint(getComputedStyle(one).backgroundColor, under), [255, 255, 255]);
  };
  const light = (color) => color.map((part) => part / 255).map((part) => part <= .04045 ? part / 12.92 : ((part + .055) / 1.055) ** 2.4)
    .reduce((sum, part, at) => sum + part * [.2126, .7152, .0722][at], 0);
  const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  const faint = new Set();
  while (walker.nextNode()) {
    const element = walker.currentNode.parentElement;
    if (!walker.currentNode.textContent.trim() || !shown(element) || element.closest(".visually-hidden, .skip-link, [disabled], option")) continue;
    const under = ground(element);
    const [a, b] = [light(under), light(paint(getComputedStyle(element).color, under))].sort((one, two) => two - one);
    const ratio = (a + .05) / (b + .05);
    if (ratio < 4.5) faint.add(`faint ${ratio.toFixed(2)}: ` + element.className + " " + walker.currentNode.textContent.trim().slice(0, 40));
  }
  return [...said, ...faint];
}
