"use strict";
/* Commands: suggestions while one is typed, and the palette. Uses what page.js defines. */
const suggestions = $("suggestions"), palette = $("palette");
const catalogue = JSON.parse($("catalogue").textContent);
let chosen = 0, asked = 0;

text.addEventListener("input", suggest);
text.addEventListener("blur", () => hideSuggestions());
text.addEventListener("keydown", (event) => {
  if (!suggestions.hidden && ["ArrowDown", "ArrowUp", "Tab", "Escape"].includes(event.key)) {
    event.preventDefault();
    if (event.key === "Escape") { hideSuggestions(); return; }
    if (event.key === "Tab") { pick(suggestions.children[chosen]); return; }
    const count = suggestions.children.length;
    chosen = (chosen + (event.key === "ArrowDown" ? 1 : -1) + count) % count;
    showChosen();
  } else if (event.key === "Enter" && !event.shiftKey && !event.isComposing) {
    event.preventDefault();
    say.requestSubmit();
  }
});

function showChosen() {
  [...suggestions.children].forEach((row, i) => row.setAttribute("aria-selected", String(i === chosen)));
  const row = suggestions.children[chosen];
  if (row) text.setAttribute("aria-activedescendant", row.id); else text.removeAttribute("aria-activedescendant");
  row?.scrollIntoView({ block: "nearest" });
}
function offer(rows) {
  suggestions.replaceChildren(...rows.slice(0, 25).map(([insert, label], i) => {
    const row = document.createElement("div");
    row.id = `suggestion-${i}`; row.setAttribute("role", "option"); row.dataset.insert = insert; row.textContent = label;
    return row;
  }));
  suggestions.hidden = rows.length === 0;
  text.setAttribute("aria-expanded", String(rows.length > 0));
  chosen = 0; showChosen();
}
function hideSuggestions() { asked++; offer([]); }
function pick(row) { if (!row) return; text.value = row.dataset.insert; text.focus(); text.dispatchEvent(new Event("input")); }
suggestions.addEventListener("mousedown", (event) => { event.preventDefault(); pick(event.target.closest("[role=option]")); });

const namesOf = (command) => [command.name, ...command.aliases];
const commandOf = (typed) => catalogue.filter((c) => namesOf(c).some((n) => typed.startsWith(`/${n} `))).sort((a, b) => b.name.length - a.name.length)[0];
async function suggest() {
  const typed = text.value, turn = ++asked;
  if (!typed.startsWith("/") || typed.startsWith("//") || typed.includes("\n")) { offer([]); return; }
  const rows = catalogue.filter((c) => namesOf(c).some((n) => `/${n}`.startsWith(typed.toLowerCase()))).map((c) => [`/${c.name} `, `/${c.name} — ${c.help}`]);
  const found = commandOf(typed);
  if (!found) { offer(rows); return; }
  const shown = await options(found, typed);
  if (turn === asked) offer([...rows.filter((row) => row[0] !== typed), ...shown]);
}
async function options(command, typed) { // values of the option being typed, then names of others
  const word = typed.slice(typed.lastIndexOf(" ") + 1), before = typed.slice(0, typed.length - word.length);
  const [name, value] = word.split("=", 2);
  const option = command.options.find((o) => o.name === name);
  const asking = value !== undefined && option ? option : command.options.find((o) => o.rest);
  const part = value ?? word;
  let values = [];
  if (asking?.complete) {
    const query = new URLSearchParams({ command: command.name, option: asking.name, typed: part, before: before.slice(0, 1000) });
    const answer = await fetch(`complete?${query}`).catch(() => null);
    if (answer?.ok) values = await answer.json();
  } else if (asking) values = asking.choices.filter((c) => c.startsWith(part));
  const quoted = (v) => (asking && !asking.rest && /\s/.test(v) ? `"${v}"` : v);
  const shown = values.filter((v) => v !== part).map((v) => [before + (value !== undefined ? `${name}=` : "") + quoted(v), v]);
  const others = value === undefined ? command.options.filter((o) => !o.rest && !o.file && o.name.startsWith(word)) : [];
  return [...shown, ...others.map((o) => [`${before}${o.name}=`, `${o.name}= — ${o.help}`])];
}

// --- palette
function openPalette() { palette.showModal(); $("find").value = ""; filter(); $("find").focus(); }
function filter() {
  const wanted = $("find").value.toLowerCase();
  for (const row of palette.querySelectorAll("li")) row.hidden = !row.firstElementChild.dataset.words.toLowerCase().includes(wanted);
}
$("open-palette").addEventListener("click", openPalette);
$("find").addEventListener("input", filter);
palette.addEventListener("keydown", (event) => {
  const rows = [...palette.querySelectorAll("li:not([hidden]) button")], at = rows.indexOf(document.activeElement);
  if (event.key === "Enter" && at < 0) { event.preventDefault(); rows[0]?.click(); }
  const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
  if (step && rows.length) { event.preventDefault(); at + step < 0 ? $("find").focus() : rows[Math.min(at + step, rows.length - 1)].focus(); }
});
palette.addEventListener("click", (event) => {
  const button = event.target.closest("[data-command]");
  if (!button) { if (event.target === palette) palette.close(); return; }
  palette.close();
  text.value = `/${button.dataset.command}${button.dataset.simple ? "" : " "}`;
  text.focus();
  if (button.dataset.simple) say.requestSubmit(); else text.dispatchEvent(new Event("input"));
});
addEventListener("keydown", (event) => {
  if (event.key.toLowerCase() === "k" && (event.ctrlKey || event.metaKey)) { event.preventDefault(); if (!palette.open) openPalette(); }
});
