// A mail's content is untrusted: it is inserted into the page as text only, never as HTML.
"use strict";

const byId = (id) => document.getElementById(id);
const SEEN = "bodega-mailbox-seen";
const TABS = ["html", "text", "source"];
const POLL_INTERVAL = 800; // milliseconds

let mails = null; // null until the first response
let etag = null;
let tab = "html";
let shown = null; // ID and tab of the mail in the reader
let seen = new Set(loadSeen());
let known = null; // IDs of the last poll, to find new mails

// Polling

async function poll() {
  try {
    const response = await fetch("/mails", { headers: etag ? { "If-None-Match": etag } : {}, cache: "no-store" });
    if (response.status === 200) {
      etag = response.headers.get("ETag");
      mails = (await response.json()).data;
      dropDeletedFromSeen();
      draw();
    } else if (response.status !== 304) {
      throw new Error(`status ${response.status}`);
    }
    showConnected(true);
  } catch {
    showConnected(false);
  }
  setTimeout(poll, POLL_INTERVAL);
}

function showConnected(connected) {
  byId("live").classList.toggle("lost", !connected);
  const text = connected ? "Live" : "Not running";
  if (byId("live-text").textContent !== text) byId("live-text").textContent = text;
}

// Rendering

function draw() {
  if (!mails) return;
  const query = byId("search").value.trim();
  const found = mails.filter((mail) => matches(mail, query.toLowerCase()));
  drawList(found);
  byId("query").textContent = query;
  byId("nothing-found").hidden = found.length > 0 || mails.length === 0;
  byId("empty").hidden = mails.length > 0;
  byId("clear").hidden = mails.length === 0;
  drawReader();
  const unseen = mails.filter((mail) => !seen.has(mail.id)).length;
  document.title = unseen ? `(${unseen}) Mailbox` : "Mailbox";
}

function matches(mail, query) {
  return [mail.to, mail.from, mail.subject].some((text) => text.toLowerCase().includes(query));
}

function drawList(found) {
  const rows = found.map((mail) => {
    const link = element("a");
    link.href = `#${mail.id}`;
    link.classList.toggle("unseen", !seen.has(mail.id));
    link.classList.toggle("new", known !== null && !known.has(mail.id));
    if (mail.id === selectedId()) link.setAttribute("aria-current", "true");
    const avatar = element("span", "avatar", mail.to.charAt(0));
    avatar.setAttribute("aria-hidden", "true");
    avatar.style.setProperty("--hue", hue(mail.to));
    const time = element("time", "", short(mail.at));
    time.dateTime = mail.at;
    time.title = long(mail.at);
    link.append(avatar, element("span", "to", mail.to), time, element("span", "subject", mail.subject || "(no subject)"));
    const row = element("li");
    row.append(link);
    return row;
  });
  const focused = document.activeElement?.closest?.("#mails a")?.getAttribute("href");
  byId("mails").replaceChildren(...rows);
  if (focused) rows.map((row) => row.firstChild).find((link) => link.getAttribute("href") === focused)?.focus();
  known = new Set(mails.map((mail) => mail.id));
}

function drawReader() {
  const mail = mails.find((one) => one.id === selectedId());
  byId("reader").hidden = !mail;
  byId("none-selected").hidden = Boolean(mail) || mails.length === 0;
  if (!mail) {
    shown = null;
    return;
  }
  if (!seen.has(mail.id)) {
    seen.add(mail.id);
    saveSeen();
    document.querySelector(`#mails a[href="#${CSS.escape(mail.id)}"]`)?.classList.remove("unseen");
  }
  const usable = tab === "html" && !mail.html ? "text" : tab === "text" && !mail.text ? "html" : tab;
  if (shown === `${mail.id} ${usable}`) return;
  shown = `${mail.id} ${usable}`;

  byId("subject").textContent = mail.subject || "(no subject)";
  byId("from").textContent = mail.from;
  byId("to").textContent = mail.to;
  byId("at").textContent = long(mail.at);
  byId("at").dateTime = mail.at;
  for (const name of TABS) {
    const button = byId(`tab-${name}`);
    button.setAttribute("aria-selected", String(name === usable));
    button.tabIndex = name === usable ? 0 : -1;
    button.disabled = name !== "source" && !mail[name];
    byId(`as-${name}`).hidden = name !== usable;
  }
  if (usable === "html") showHtml(mail);
  if (usable === "text") byId("text").replaceChildren(...withLinks(mail.text));
  if (usable === "source") showSource(mail);
}

// Navigating the frame would add an entry to the browser's history; a new frame does not.
function showHtml(mail) {
  const frame = byId("frame").cloneNode(false);
  frame.src = `/mails/${encodeURIComponent(mail.id)}/html`;
  byId("frame").replaceWith(frame);
}

async function showSource(mail) {
  const asked = shown;
  byId("source").textContent = "";
  const response = await fetch(`/mails/${encodeURIComponent(mail.id)}/source`).catch(() => null);
  const text = response?.ok ? await response.text() : "The source can't be read.";
  if (shown === asked) byId("source").textContent = text;
}

function withLinks(text) {
  return text.split(/(https?:\/\/[^\s<>"]*[^\s<>".,;:!?)\]])/).map((part, index) => {
    if (index % 2 === 0) return document.createTextNode(part);
    const link = element("a", "", part);
    link.href = part;
    link.target = "_blank";
    link.rel = "noopener noreferrer";
    return link;
  });
}

function element(name, className = "", text = "") {
  const made = document.createElement(name);
  made.className = className;
  made.textContent = text;
  return made;
}

function hue(text) {
  let sum = 0;
  for (const character of text) sum = (sum * 31 + character.codePointAt(0)) % 360;
  return sum;
}

function short(at) {
  const time = new Date(at);
  const seconds = (Date.now() - time) / 1000;
  if (seconds < 60) return "now";
  if (seconds < 3600) return `${Math.floor(seconds / 60)} min`;
  if (time.toDateString() === new Date().toDateString()) return time.toLocaleTimeString([], { hour: "2-digit", minute: "2-digit" });
  return time.toLocaleDateString([], { day: "numeric", month: "short" });
}

function long(at) {
  return new Date(at).toLocaleString([], { dateStyle: "medium", timeStyle: "medium" });
}

// Seen mails, stored across reloads

function loadSeen() {
  try {
    return JSON.parse(localStorage.getItem(SEEN)) || [];
  } catch {
    return [];
  }
}

function saveSeen() {
  try {
    localStorage.setItem(SEEN, JSON.stringify([...seen]));
  } catch {
    // Without storage, a reload shows all mails as new.
  }
}

function dropDeletedFromSeen() {
  const existing = new Set(mails.map((mail) => mail.id));
  seen = new Set([...seen].filter((id) => existing.has(id)));
}

// User actions

function selectedId() {
  return decodeURIComponent(location.hash.slice(1));
}

function selectTab(name) {
  tab = name;
  drawReader();
}

function step(by) {
  const links = [...document.querySelectorAll("#mails a")];
  const at = links.findIndex((link) => link.hasAttribute("aria-current"));
  const next = links[Math.min(Math.max(at + by, 0), links.length - 1)];
  if (!next) return;
  location.replace(next.href);
  next.scrollIntoView({ block: "nearest" });
}

let confirmTimer = null; // set while the button asks for a second click
async function clear() {
  const button = byId("clear");
  if (!confirmTimer) {
    button.textContent = "Delete all mails?";
    button.classList.add("confirm");
    confirmTimer = setTimeout(cancelClear, 4000);
    return;
  }
  cancelClear();
  await fetch("/mails", { method: "DELETE" }).catch(() => {});
  etag = null;
}

function cancelClear() {
  clearTimeout(confirmTimer);
  confirmTimer = null;
  byId("clear").textContent = "Delete all";
  byId("clear").classList.remove("confirm");
}

for (const name of TABS) byId(`tab-${name}`).addEventListener("click", () => selectTab(name));
document.querySelector(".tabs").addEventListener("keydown", (event) => {
  const by = { ArrowRight: 1, ArrowLeft: -1 }[event.key];
  if (!by) return;
  const usable = TABS.filter((name) => !byId(`tab-${name}`).disabled);
  const at = usable.findIndex((name) => byId(`tab-${name}`).getAttribute("aria-selected") === "true");
  selectTab(usable[(at + by + usable.length) % usable.length]);
  document.querySelector(".tabs [aria-selected=true]").focus();
});
byId("search").addEventListener("input", draw);
byId("show-all").addEventListener("click", () => {
  byId("search").value = "";
  draw();
});
byId("clear").addEventListener("click", clear);
byId("back").addEventListener("click", () => {
  location.hash = "";
});
window.addEventListener("hashchange", draw);
document.addEventListener("keydown", (event) => {
  if (event.ctrlKey || event.metaKey || event.altKey) return;
  const typing = document.activeElement === byId("search");
  if (event.key === "Escape" && typing) {
    byId("search").value = "";
    byId("search").blur();
    draw();
  } else if (typing) {
    return;
  } else if (event.key === "/") {
    event.preventDefault();
    byId("search").focus();
  } else if (event.key === "j") {
    step(1);
  } else if (event.key === "k") {
    step(-1);
  }
});
setInterval(() => {
  for (const time of document.querySelectorAll("#mails time")) time.textContent = short(time.dateTime);
}, 30000);
poll();
