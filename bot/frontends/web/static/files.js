"use strict";
/* Files of the message box: chosen, pasted or dropped, shown before they are sent; a command's own files each have a place. Uses what
   page.js and commands.js define. */
const tray = $("tray"), attached = $("attached"), slots = $("slots");

function showFiles() {
  for (const image of attached.querySelectorAll("img")) URL.revokeObjectURL(image.src);
  attached.replaceChildren(...[...files.files].map(chip));
  say.querySelector(".attach").classList.toggle("full", files.files.length > 0);
  showTray();
}
function showTray() { tray.hidden = !attached.children.length && !slots.children.length; }
function chip(file, at) {
  const row = document.createElement("li"), name = document.createElement("span"), away = document.createElement("button");
  if (file.type.startsWith("image/")) {
    const image = document.createElement("img");
    image.src = URL.createObjectURL(file); image.alt = "";
    row.append(image);
  }
  name.textContent = file.name;
  away.type = "button"; away.textContent = "×"; away.setAttribute("aria-label", `Remove ${file.name}`);
  away.addEventListener("click", () => { setFiles([...files.files].filter((_, other) => other !== at)); text.focus(); });
  row.append(name, away);
  return row;
}
function fill(input, list) {
  const data = new DataTransfer();
  for (const file of list) data.items.add(file);
  input.files = data.files;
}
function setFiles(list) { fill(files, list); showFiles(); }
function addFiles(list) {
  const most = Number(files.dataset.most), all = [...files.files, ...list];
  if (all.length > most) notice(`A message takes at most ${most} files.`);
  setFiles(all.slice(0, most));
  text.focus();
}
files.addEventListener("change", showFiles);
document.addEventListener("paste", (event) => {
  const list = event.clipboardData?.files;
  if (!list?.length || event.clipboardData.types.includes("text/plain") || document.querySelector("dialog[open]")) return;
  event.preventDefault();
  addFiles(list);
});
const carriesFiles = (event) => event.dataTransfer?.types.includes("Files") && !document.querySelector("dialog[open]");
document.addEventListener("dragover", (event) => { if (carriesFiles(event)) { event.preventDefault(); say.classList.add("dropping"); } });
document.addEventListener("dragleave", (event) => { if (!event.relatedTarget) say.classList.remove("dropping"); });
document.addEventListener("drop", (event) => {
  say.classList.remove("dropping");
  if (!carriesFiles(event)) return;
  event.preventDefault(); // else the browser would open the file in place of the story
  const input = event.target.closest?.("label")?.querySelector("[type=file]");
  if (input && input !== files) fill(input, [...event.dataTransfer.files].slice(0, 1)); else addFiles(event.dataTransfer.files);
});

// --- a command's own files: one place for each of its file options, for as long as it stands in the box
function showSlots() {
  const command = commandOf(`${text.value} `);
  const wanted = command ? command.options.filter((option) => option.file) : [];
  const name = wanted.length ? command.name : "";
  if ((slots.dataset.command ?? "") === name) return;
  slots.dataset.command = name;
  slots.replaceChildren(...wanted.map(slot));
  showTray();
}
function slot(option) {
  const label = document.createElement("label"), words = document.createElement("span"), input = document.createElement("input");
  words.textContent = `${option.name}: ${option.help}`;
  input.type = "file"; input.name = `file-${option.name}`;
  label.append(words, input);
  return label;
}
text.addEventListener("input", showSlots);

// --- what is in the box can be put back when it could not be sent
function boxFiles() {
  const own = [...files.files], named = [...slots.querySelectorAll("input")].map((input) => [input.name, [...input.files]]);
  return () => {
    setFiles(own);
    showSlots();
    for (const [name, list] of named) { const input = slots.querySelector(`[name="${name}"]`); if (input) fill(input, list); }
  };
}
