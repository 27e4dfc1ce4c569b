"use strict";
(() => {
  const $ = (id) => document.getElementById(id);
  const text = $("text"), say = $("say"), suggestions = $("suggestions"), palette = $("palette"), menu = $("menu"), side = $("side");
  const catalogue = JSON.parse($("catalogue").textContent);
  const scroller = document.scrollingElement;
  let chosen = 0, actionTarget = null;

  const nearEnd = () => scroller.scrollHeight - scroller.scrollTop - scroller.clientHeight < 260;
  const toEnd = () => scroller.scrollTo({ top: scroller.scrollHeight });
  let follow = true;
  addEventListener("scroll", () => { follow = nearEnd(); }, { passive: true });
  new ResizeObserver(() => { if (follow) toEnd(); }).observe($("story"));
  new ResizeObserver(() => { if (follow) toEnd(); }).observe($("answers"));
  toEnd();

  // background picture
  const backdrop = $("backdrop");
  const paint = () => { const sha = backdrop.dataset.background; backdrop.style.backgroundImage = sha ? `url(/asset/${sha})` : ""; };
  paint();

  // sending
  const freshId = () => { $("message-id").value = crypto.randomUUID ? crypto.randomUUID() : String(Date.now()) + Math.random(); };
  freshId();
  const grow = () => { text.style.height = "auto"; text.style.height = `${text.scrollHeight + 2}px`; };
  text.addEventListener("input", () => { grow(); suggest(); });
  text.addEventListener("keydown", (event) => {
    if (!suggestions.hidden && ["ArrowDown", "ArrowUp", "Tab", "Escape"].includes(event.key)) {
      event.preventDefault();
      if (event.key === "Escape") { suggestions.hidden = true; return; }
      if (event.key === "Tab") { pick(suggestions.children[chosen]); return; }
      chosen = (chosen + (event.key === "ArrowDown" ? 1 : -1) + suggestions.children.length) % suggestions.children.length;
      mark();
    } else if (event.key === "Enter" && !event.shiftKey && !event.isComposing) {
      event.preventDefault();
      say.requestSubmit();
    }
  });
  say.addEventListener("htmx:configRequest", (event) => {
    if (!text.value.trim() && !say.querySelector("[type=file]").files.length) event.preventDefault();
    follow = true;
  });
  say.addEventListener("htmx:afterRequest", (event) => {
    if (event.target !== say || !event.detail.successful) return;
    text.value = ""; say.querySelector("[type=file]").value = ""; say.querySelector(".attach").classList.remove("full");
    suggestions.hidden = true; grow(); freshId(); text.focus();
  });
  say.querySelector("[type=file]").addEventListener("change", (event) => say.querySelector(".attach").classList.toggle("full", event.target.files.length > 0));

  // command suggestions: words first, then option names and values of one command
  function mark() { [...suggestions.children].forEach((row, i) => row.setAttribute("aria-selected", i === chosen)); suggestions.children[chosen]?.scrollIntoView({ block: "nearest" }); }
  function offer(rows) {
    suggestions.replaceChildren(...rows.slice(0, 25).map(([insert, label]) => {
      const row = document.createElement("div");
      row.setAttribute("role", "option"); row.dataset.insert = insert; row.textContent = label;
      return row;
    }));
    suggestions.hidden = rows.length === 0; chosen = 0; mark();
  }
  function pick(row) { if (!row) return; text.value = row.dataset.insert; suggestions.hidden = true; text.focus(); grow(); suggest(); }
  suggestions.addEventListener("mousedown", (event) => { event.preventDefault(); pick(event.target.closest("[role=option]")); });
  let asked = 0;
  async function suggest() {
    const typed = text.value;
    if (!typed.startsWith("/") || typed.includes("\n")) { suggestions.hidden = true; return; }
    const found = catalogue.filter((c) => [c.name, ...c.aliases].some((n) => typed === `/${n}` || typed.startsWith(`/${n} `))).sort((a, b) => b.name.length - a.name.length)[0];
    const rows = catalogue.filter((c) => [c.name, ...c.aliases].some((n) => `/${n}`.startsWith(typed.toLowerCase()))).map((c) => [`/${c.name} `, `/${c.name} — ${c.help}`]);
    if (!found || rows.length) { offer(rows); return; }
    const word = typed.slice(typed.lastIndexOf(" ") + 1), before = typed.slice(0, typed.length - word.length);
    const [name, value] = word.split("=", 2);
    const option = found.options.find((o) => o.name === name);
    const rest = found.options.find((o) => o.rest);
    const asking = value !== undefined && option ? option : rest;
    const turn = ++asked;
    let values = [];
    if (asking && asking.complete) {
      const answer = await fetch(`complete?command=${encodeURIComponent(found.name)}&option=${encodeURIComponent(asking.name)}&typed=${encodeURIComponent(value ?? word)}`);
      if (turn !== asked || !answer.ok) return;
      values = await answer.json();
    } else if (asking) values = asking.choices.filter((c) => c.startsWith(value ?? word));
    const quote = (v) => (asking && !asking.rest && /\s/.test(v) ? `"${v}"` : v);
    const shown = values.map((v) => [before + (value !== undefined ? `${name}=` : "") + quote(v), v]);
    const names = value === undefined && word ? found.options.filter((o) => o.name.startsWith(word) && !o.rest).map((o) => [`${before}${o.name}=`, `${o.name}= — ${o.help}`]) : [];
    if (turn === asked) offer([...shown, ...names]);
  }

  // palette
  $("open-palette").addEventListener("click", () => { palette.showModal(); $("find").value = ""; filter(); $("find").focus(); });
  function filter() { const wanted = $("find").value.toLowerCase(); for (const row of palette.querySelectorAll("li")) row.hidden = !row.firstElementChild.dataset.words.toLowerCase().includes(wanted); }
  $("find").addEventListener("input", filter);
  $("find").addEventListener("keydown", (event) => { if (event.key === "Enter") { event.preventDefault(); palette.querySelector("li:not([hidden]) button")?.click(); } });
  palette.addEventListener("click", (event) => {
    const button = event.target.closest("[data-command]");
    if (!button) { if (event.target === palette) palette.close(); return; }
    palette.close(); text.value = `/${button.dataset.command}${button.dataset.simple ? "" : " "}`; text.focus();
    if (button.dataset.simple) say.requestSubmit(); else { grow(); suggest(); }
  });
  addEventListener("keydown", (event) => { if (event.key === "k" && (event.ctrlKey || event.metaKey)) { event.preventDefault(); $("open-palette").click(); } });

  // side panel, message menu, notes, dialogs
  $("open-side").addEventListener("click", () => { side.hidden = !side.hidden; $("open-side").setAttribute("aria-expanded", String(!side.hidden)); });
  document.addEventListener("click", (event) => {
    if (!side.hidden && !side.contains(event.target) && event.target.id !== "open-side") { side.hidden = true; $("open-side").setAttribute("aria-expanded", "false"); }
    const opener = event.target.closest("[data-menu]");
    if (opener) {
      actionTarget = opener.dataset.menu;
      const box = opener.getBoundingClientRect();
      menu.hidden = false; menu.style.top = `${box.bottom + scroller.scrollTop}px`; menu.style.left = `${Math.max(8, Math.min(box.left, innerWidth - menu.offsetWidth - 8))}px`;
      menu.querySelector("button").focus();
      return;
    }
    if (event.target.closest("[data-action]")) htmx.ajax("POST", "act", { target: "#answers", swap: "beforeend", values: { action: event.target.dataset.action, target: actionTarget } });
    if (event.target.closest("[data-copy]")) navigator.clipboard?.writeText($(actionTarget)?.querySelector(".text").innerText ?? "");
    if (!event.target.closest("#menu") || event.target.closest("[role=menuitem]")) menu.hidden = true;
    const closing = event.target.closest("[data-close]");
    if (closing) $(closing.dataset.close)?.remove();
    if (event.target.closest("[data-dismiss]")) event.target.closest("dialog").remove();
  });
  addEventListener("keydown", (event) => { if (event.key === "Escape") { menu.hidden = true; side.hidden = true; } });
  document.body.addEventListener("htmx:load", (event) => {
    const dialog = event.detail.elt.matches?.("dialog[data-open]") ? event.detail.elt : event.detail.elt.querySelector?.("dialog[data-open]");
    if (dialog && !dialog.open) { dialog.showModal(); dialog.querySelector("textarea, input:not([type=hidden])")?.focus(); dialog.querySelector("form").addEventListener("htmx:afterRequest", () => dialog.remove()); }
  });
  document.body.addEventListener("htmx:responseError", (event) => notice(event.detail.xhr.responseText || "The page could not do that."));
  document.body.addEventListener("htmx:sendError", () => notice("Vignette does not answer. Is it still running?"));
  function notice(words) { const note = document.createElement("article"); note.className = "note"; note.textContent = words; $("answers").append(note); setTimeout(() => note.remove(), 8000); }

  // after the connection was away, read the story anew: nothing that happened meanwhile is missed
  let wasAway = false;
  document.body.addEventListener("htmx:sseError", () => { wasAway = true; });
  document.body.addEventListener("htmx:sseOpen", async () => {
    if (!wasAway) return;
    wasAway = false;
    const fresh = new DOMParser().parseFromString(await (await fetch(location.pathname)).text(), "text/html");
    $("story").innerHTML = fresh.getElementById("story").innerHTML; htmx.process($("story"));
    backdrop.dataset.background = fresh.getElementById("backdrop").dataset.background; paint();
  });
  document.body.addEventListener("htmx:oobAfterSwap", () => paint());
  new MutationObserver(paint).observe(document.body, { childList: true, subtree: false });
})();
