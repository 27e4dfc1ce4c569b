"use strict";
/* The story: pieces of HTML from the server are put in their places; what people do goes back as requests. */
const $ = (id) => document.getElementById(id);
const scroller = document.scrollingElement;
const text = $("text"), say = $("say"), menu = $("menu"), side = $("side");
const files = say.querySelector("[type=file]");
const quiet = matchMedia("(prefers-reduced-motion: reduce)");

// --- where the reader is: stay at the end while there, never pull anybody back from what they read
let follow = true, lastTop = 0;
const toEnd = () => scroller.scrollTo({ top: scroller.scrollHeight });
addEventListener("scroll", () => {
  const left = scroller.scrollHeight - scroller.scrollTop - scroller.clientHeight;
  if (left < 120) follow = true; else if (scroller.scrollTop < lastTop) follow = false; // content that grows is no scrolling up
  lastTop = scroller.scrollTop;
}, { passive: true });
new ResizeObserver(() => { if (follow) toEnd(); }).observe(document.body);
addEventListener("resize", () => { if (follow) toEnd(); });

// --- pieces: an element takes the place of the one with its id, or goes to the end of the story
function put(html) {
  const box = document.createElement("template");
  box.innerHTML = html;
  for (const piece of [...box.content.children]) {
    if (piece.dataset.remove) { $(piece.dataset.remove)?.remove(); continue; }
    if (piece.matches("dialog[data-open]")) { openForm(piece); continue; }
    const old = piece.id && $(piece.id);
    const focused = old && old.contains(document.activeElement);
    const control = focused && (document.activeElement.dataset.control ?? old.dataset.focused);
    keepImage(old, piece);
    if (old) old.replaceWith(piece); else $("story").append(piece);
    if (focused) refocus(piece, control);
    announce(piece, old);
    if (piece.id === "backdrop") paint();
    if (piece.id === "who") document.title = `${piece.title} — Vignette`;
  }
}
function refocus(piece, control) { // where it was; while that button is away, on the piece, so that no other one is pressed by mistake
  const button = control && piece.querySelector(`[data-control="${CSS.escape(control)}"]`);
  if (button) { button.focus(); return; }
  piece.dataset.focused = control ?? ""; piece.tabIndex = -1; piece.focus({ preventScroll: true });
}
function keepImage(old, piece) { // the same picture is not loaded and laid out again
  const before = old?.querySelector?.(".shown"), after = piece.querySelector?.(".shown");
  if (piece.id !== "story" && before && after && before.getAttribute("src") === after.getAttribute("src")) { after.replaceWith(before); before.className = after.className; }
}
function announce(piece, old) { // finished things only: a growing reply would be read out again and again
  if (!piece.dataset.say || piece.hasAttribute("aria-busy") || piece.classList.contains("player")) return;
  if (old && !old.hasAttribute("aria-busy")) return;
  const words = piece.querySelector(".text")?.innerText ?? piece.querySelector(".shown")?.alt ?? "";
  $("announcer").textContent = `${piece.dataset.say}: ${words || (piece.querySelector(".shown")?.alt ?? "")}`;
}
function paint() {
  const sha = $("backdrop").dataset.background;
  $("backdrop").style.backgroundImage = /^[0-9a-f]{64}$/.test(sha) ? `url(/asset/${sha})` : "";
}
function notice(words) {
  const note = document.createElement("article");
  note.className = "note"; note.setAttribute("role", "alert"); note.textContent = words;
  $("story").append(note);
  setTimeout(() => note.remove(), 10000);
}
paint();

// --- live changes; after an interruption the server sends what was missed
let source = null, mark = document.body.dataset.mark;
function listen() {
  source = new EventSource(`events?after=${encodeURIComponent(mark)}`);
  source.onopen = () => { $("away").hidden = true; };
  source.onmessage = (event) => { mark = event.lastEventId || mark; put(event.data); };
  source.onerror = () => {
    $("away").hidden = false;
    if (source.readyState === EventSource.CLOSED) setTimeout(retry, 1500);
  };
}
async function retry() { // the stream was refused: the program is starting, or the access token is asked for again
  const answer = await fetch("", { headers: { accept: "text/html" } }).catch(() => null);
  if (answer && (answer.redirected || !answer.ok)) location.reload(); else listen();
}
addEventListener("pagehide", () => source.close());
addEventListener("pageshow", (event) => { if (event.persisted) listen(); });
listen();

// --- requests
async function send(where, values) {
  const body = values instanceof FormData ? values : new FormData();
  if (body !== values) for (const [name, value] of Object.entries(values)) body.append(name, value);
  try {
    const answer = await fetch(where, { method: "POST", body, headers: { "X-CSRF-Token": $("csrf").dataset.token } });
    const words = await answer.text();
    if (!answer.ok) { notice(words || "The page could not do that."); return false; }
    if (answer.headers.get("content-type")?.startsWith("application/json")) location.assign(JSON.parse(words).go);
    else put(words);
    return true;
  } catch { notice("Vignette does not answer. Is it still running?"); return false; }
}
function tooLarge(form) {
  const most = Number(files.dataset.bytes);
  const size = [...form.querySelectorAll("[type=file]")].flatMap((input) => [...input.files]).reduce((sum, file) => sum + file.size, 0);
  if (size <= most) return false;
  notice(`The file is larger than ${Math.floor(most / 2 ** 20)} MiB.`);
  return true;
}

// --- sending words. A failed request leaves the words in the box under the same id, so that nothing is said twice
let pending = null;
const freshId = () => crypto.randomUUID?.() ?? `${Date.now()}-${Math.random().toString(36).slice(2)}`;
const grow = () => { text.style.height = "auto"; text.style.height = `${text.scrollHeight + 2}px`; };
say.addEventListener("submit", async (event) => {
  event.preventDefault();
  const words = text.value;
  if ((!words.trim() && !files.files.length) || tooLarge(say)) return;
  const body = new FormData(say), putFilesBack = boxFiles();
  const id = pending?.words === words ? pending.id : freshId();
  body.set("id", id);
  clearBox(); follow = true; toEnd();
  if (await send("say", body)) { if (pending?.id === id) pending = null; return; }
  pending = { words, id };
  if (!text.value) { text.value = words; grow(); putFilesBack(); }
});
function clearBox() {
  text.value = ""; setFiles([]);
  text.dispatchEvent(new Event("input")); text.focus();
}
text.addEventListener("input", grow);

// --- forms: dialogs of the engine, a new story, a card
document.addEventListener("submit", async (event) => {
  const form = event.target.closest("form[data-post]");
  if (!form) return;
  event.preventDefault();
  if (tooLarge(form)) return;
  const dialog = form.closest("dialog");
  if (await send(form.dataset.post, new FormData(form))) { dialog?.close(); form.reset(); showSide(false); }
});
function openForm(dialog) {
  const from = document.activeElement;
  document.body.append(dialog);
  dialog.addEventListener("close", () => { dialog.remove(); (from?.isConnected ? from : text).focus(); });
  dialog.showModal();
  dialog.querySelector("textarea, input:not([type=hidden])")?.focus();
}

// --- side panel and message menu
function showSide(open) {
  if (side.hidden === !open) return;
  side.hidden = !open; $("open-side").setAttribute("aria-expanded", String(open));
  (open ? $("close-side") : $("open-side")).focus();
}
let menuOpener = null;
const menuItems = () => [...menu.querySelectorAll("button:not([hidden])")];
function showMenu(opener) { // what there is to do with words, with a picture, or with both
  menuOpener = opener;
  for (const item of menu.querySelectorAll("button")) item.hidden = !opener.dataset.on.split(" ").includes(item.dataset.on);
  const box = opener.getBoundingClientRect();
  menu.hidden = false;
  const top = box.bottom + menu.offsetHeight > innerHeight - 80 ? box.top - menu.offsetHeight : box.bottom;
  menu.style.top = `${top + scroller.scrollTop}px`;
  menu.style.left = `${Math.max(8, Math.min(box.left, document.documentElement.clientWidth - menu.offsetWidth - 8))}px`;
  menuItems()[0].focus();
}
function hideMenu(refocus) { if (menu.hidden) return; menu.hidden = true; if (refocus) menuOpener?.focus(); }
menu.addEventListener("keydown", (event) => {
  const items = menuItems(), at = items.indexOf(document.activeElement);
  const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
  if (step) { event.preventDefault(); items[(at + step + items.length) % items.length].focus(); }
  if (event.key === "Tab") hideMenu(true);
});
async function copy(element) {
  const words = $(element)?.querySelector(".text")?.innerText ?? "";
  try { await navigator.clipboard.writeText(words); } catch { notice("This browser does not let the page copy."); }
}

// --- clicks
const clicks = {
  control: (button) => press(button),
  close: (button) => { const element = button.dataset.close; $(element)?.remove(); send("close", { message: element }); text.focus(); },
  menu: (button) => showMenu(button),
  action: (button) => { hideMenu(true); send("act", { action: button.dataset.action, target: menuOpener.dataset.menu }); },
  copy: () => { hideMenu(true); copy(menuOpener.dataset.menu); },
  more: (button) => earlier(button),
  dismiss: (button) => button.closest("dialog").close(),
  tip: () => { localStorage.setItem("tip", $("tip").textContent); $("tip").remove(); text.focus(); },
};
document.addEventListener("click", (event) => {
  const button = event.target.closest("button");
  const kind = button && Object.keys(clicks).find((name) => name in button.dataset);
  if (kind) clicks[kind](button);
  if (kind !== "menu" && !menu.contains(event.target)) hideMenu(false);
  if (button?.id === "open-side") showSide(side.hidden);
  else if (button?.id === "close-side" || !side.contains(event.target)) showSide(false);
});
async function press(button) {
  if (button.getAttribute("aria-disabled") === "true") return;
  button.setAttribute("aria-disabled", "true");
  const note = button.closest(".note"), shows = button.dataset.control.startsWith("show:");
  const done = await send("press", { control: button.dataset.control, message: button.dataset.message });
  button.removeAttribute("aria-disabled");
  if (done && note && !shows) note.remove();
}
async function earlier(button) {
  const answer = await fetch(`?before=${button.dataset.more}`).catch(() => null);
  if (!answer?.ok) { notice("Vignette does not answer. Is it still running?"); return; }
  const box = document.createElement("template");
  box.innerHTML = await answer.text();
  const height = scroller.scrollHeight, top = scroller.scrollTop;
  follow = false;
  button.replaceWith(...box.content.querySelector("#story").children);
  scroller.scrollTop = top + scroller.scrollHeight - height;
}
addEventListener("keydown", (event) => { if (event.key === "Escape") { hideMenu(true); showSide(false); } });
if ($("tip") && localStorage.getItem("tip") !== $("tip").textContent) $("tip").hidden = false;
if (!quiet.matches) document.documentElement.classList.add("moves");
requestAnimationFrame(toEnd);
