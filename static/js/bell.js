// The bell: how many notices are unread stands in it and in the title of the tab, and is said when there are more.

const HIDDEN_PAUSE = 30_000;
const news = () => document.getElementById("bell-news");
let lastAsked = 0;

document.addEventListener("htmx:beforeRequest", (event) => {
  if (event.detail.elt !== news()) return;
  // A hidden page has a title that is seen, but nobody waits for it.
  if (document.hidden && event.timeStamp - lastAsked < HIDDEN_PAUSE) event.preventDefault();
  else lastAsked = event.timeStamp;
});
document.addEventListener("visibilitychange", () => {
  if (!document.hidden && news()) window.htmx.trigger(news(), "bell:poll");
});

document.addEventListener("htmx:beforeOnLoad", (event) => {
  const bell = news();
  if (event.detail.elt !== bell) return;
  const asked = new URL(bell.getAttribute("hx-get"), document.baseURI);
  if (new URL(event.detail.xhr.responseURL).pathname === asked.pathname) return;
  // The session is over, and the answer would lead to the page to sign in on. Somebody may be writing here: the bell
  // falls silent, and nothing moves until she sends what she wrote.
  event.preventDefault();
  bell.remove();
});

const countInTitle = (unread) => {
  document.title = (unread ? `(${unread}) ` : "") + document.title.replace(/^\(\d+\+?\) /, "");
};
// The admin brings its title without it.
countInTitle(news().dataset.unread);

let before = Number(news().dataset.newest);
document.addEventListener("htmx:afterSwap", (event) => {
  if (event.detail.target.id !== "bell-news" || !news()) return;
  const { unread, newest } = news().dataset;
  countInTitle(unread);
  if (Number(newest) > before) {
    document.getElementById("bell-said").textContent = `${unread} unread notice${unread === "1" ? "" : "s"}`;
    before = Number(newest);
  }
});
