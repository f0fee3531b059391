// The picture of a page and its text light each other: every item of the text carries its place,
// in thousandths of the page; one frame a page is moved to it.
let items = [];
let words = [];
let doubts = [];
const said = document.getElementById("said");
const correctButton = document.getElementById("correct");
let chosen = null;
let matches = [];
let read = null; // the words in lower case, once something is searched
const marks = new Map(); // on the pictures, of doubtful words

/** Looks for items again, after pages have come or lines were corrected. */
function refresh() {
  items = [...document.querySelectorAll(".column [data-b]")];
  words = items.filter((item) => item.matches(".w") && !item.closest(".corrected"));
  doubts = words.filter((word) => word.classList.contains("doubt"));
  read = null;
  for (const [word, mark] of marks) mark.hidden = Boolean(word.closest(".corrected"));
  for (const page of document.querySelectorAll(".page:not(.seen)")) {
    page.classList.add("seen");
    near.observe(page);
  }
}

const pageOf = (item) => item.closest(".page");
const placeOf = (item) => item.dataset.b.split(" ").map(Number);

function put(frame, [x0, y0, x1, y1]) {
  frame.style.left = `${x0 / 10}%`;
  frame.style.top = `${y0 / 10}%`;
  frame.style.width = `${(x1 - x0) / 10}%`;
  frame.style.height = `${(y1 - y0) / 10}%`;
}

function light(item) {
  for (const old of document.querySelectorAll(".on")) old.classList.remove("on");
  for (const spot of document.querySelectorAll(".spot")) spot.style.display = "none";
  if (!item) return;
  item.classList.add("on");
  const spot = pageOf(item).querySelector(".spot");
  put(spot, placeOf(item));
  spot.style.display = "block";
}

function choose(item) {
  if (!item) return;
  chosen = item;
  correctButton.hidden = !item.closest(".line");
  light(item);
  const reduced = matchMedia("(prefers-reduced-motion: reduce)").matches;
  item.scrollIntoView({ block: "center", behavior: reduced ? "auto" : "smooth" });
  const spot = pageOf(item).querySelector(".spot");
  const scan = spot.closest(".scan"); // on small screens a window on the page
  scan.scrollTop = spot.offsetTop - scan.clientHeight / 2;
  const sure = item.dataset.c ? `, ${item.dataset.c} % sure` : "";
  said.textContent = `page ${pageOf(item).dataset.n}: ${shortly(item)}${sure}`;
}

/** The first words of an item; of one without words, what it is. */
function shortly(item) {
  const shown = item.title || item.querySelector(".content")?.innerText.trim() || item.innerText;
  const text = shown.replace(/\s+/g, " ").trim();
  return text.length > 40 ? `${text.slice(0, 39)}\u2026` : text;
}

/** The item after (or before) the chosen one, in the order of the text; round and round. */
function step(list, by) {
  if (!list.length) return null;
  const at = list.indexOf(chosen);
  if (at >= 0) return list[(at + by + list.length) % list.length];
  if (!chosen) return by > 0 ? list[0] : list[list.length - 1];
  const follows = (item) => chosen.compareDocumentPosition(item) & Node.DOCUMENT_POSITION_FOLLOWING;
  const next = list.findIndex(follows);
  if (by > 0) return list[next < 0 ? 0 : next];
  return list[((next < 0 ? list.length : next) - 1 + list.length) % list.length];
}

function turn(by) {
  const pages = [...document.querySelectorAll(".page")];
  const at = pages.findIndex((page) => page.getBoundingClientRect().bottom > 80);
  const page = pages[Math.min(Math.max(at + by, 0), pages.length - 1)];
  if (page) page.scrollIntoView();
}

/** What stands at a point of a page's picture: the smallest item there. */
function under(sheet, x, y) {
  let best = null;
  let least = Infinity;
  for (const item of pageOf(sheet).querySelectorAll(".column [data-b]:not(.line)")) {
    const [x0, y0, x1, y1] = placeOf(item);
    const area = (x1 - x0) * (y1 - y0);
    if (x0 <= x && x <= x1 && y0 <= y && y <= y1 && area < least) [best, least] = [item, area];
  }
  return best;
}

function search(text) {
  for (const word of matches) word.classList.remove("found");
  const wanted = text.toLowerCase().split(/\s+/).filter(Boolean);
  read ??= words.map((word) => word.textContent.toLowerCase());
  const fits = (at) => wanted.every((part, i) => (read[at + i] ?? "").includes(part));
  matches = wanted.length ? words.filter((_, at) => fits(at)) : [];
  for (const word of matches) word.classList.add("found");
  said.textContent = wanted.length ? `${matches.length} found` : "";
}

function pointed(event) {
  const sheet = event.target.closest(".sheet");
  if (!sheet) return event.target.closest("[data-b]:not(.line)");
  const box = sheet.getBoundingClientRect();
  const share = (at, start, size) => ((at - start) / size) * 1000;
  return under(sheet, share(event.clientX, box.left, box.width), share(event.clientY, box.top, box.height));
}

document.addEventListener("mouseover", (event) => {
  if (!event.target.closest(".sheet")) light(pointed(event) || chosen);
});
document.addEventListener("mousemove", (event) => {
  if (event.target.closest(".sheet")) light(pointed(event) || chosen);
});
document.addEventListener("click", (event) => {
  if (event.target.closest(".page")) choose(pointed(event));
});

const box = document.getElementById("search");
box.addEventListener("input", () => search(box.value));
box.addEventListener("keydown", (event) => {
  if (event.key === "Enter") choose(step(matches, event.shiftKey ? -1 : 1));
  if (event.key === "Escape") box.blur();
});
document.getElementById("next").addEventListener("click", () => choose(step(doubts, 1)));
document.getElementById("previous").addEventListener("click", () => choose(step(doubts, -1)));

const isBlock = (item) => !item.matches(".w, .line");
const KEYS = {
  n: () => choose(step(doubts, 1)),
  p: () => choose(step(doubts, -1)),
  j: () => turn(1),
  k: () => turn(-1),
  ArrowRight: () => choose(step(words, 1)),
  ArrowLeft: () => choose(step(words, -1)),
  ArrowDown: () => choose(step(items.filter(isBlock), 1)),
  ArrowUp: () => choose(step(items.filter(isBlock), -1)),
  "/": () => box.focus(),
  Escape: () => { chosen = null; light(null); said.textContent = ""; correctButton.hidden = true; },
};
document.addEventListener("keydown", (event) => {
  if (event.target.matches("input") || event.ctrlKey || event.metaKey || event.altKey) return;
  const act = KEYS[event.key];
  if (act) { event.preventDefault(); act(); }
});

const head = document.querySelector("header");
new ResizeObserver(() => document.documentElement.style.setProperty("--head", `${head.offsetHeight}px`))
  .observe(head);

// Doubtful words are marked on a picture once its page comes near.
const near = new IntersectionObserver((entries) => {
  for (const entry of entries.filter((one) => one.isIntersecting)) {
    near.unobserve(entry.target);
    const sheet = entry.target.querySelector(".sheet");
    for (const word of entry.target.querySelectorAll(".w.doubt")) {
      const mark = document.createElement("i");
      mark.className = "mark";
      mark.hidden = Boolean(word.closest(".corrected"));
      put(mark, placeOf(word));
      sheet.append(mark);
      marks.set(word, mark);
    }
  }
}, { rootMargin: "100%" });
refresh();
