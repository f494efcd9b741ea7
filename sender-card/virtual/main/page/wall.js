/* SPDX-License-Identifier: Apache-2.0 */
/* The browser's end of qp-wall. It tells the server which part of the wall is on the screen and gets
 * that part of the newest frame; what it has not got yet it draws from the frame before. */
"use strict";

const $ = (id) => document.getElementById(id);
const canvas = $("wall");
const ctx = canvas.getContext("2d", { alpha: false });
const DOTS_FROM = 5; /* device pixels from LED to LED at which the dots appear */

const wall = { name: "", width: 1, height: 1, outputs: [], cabinets: [] };
const view = { x: 0, y: 0, scale: 1 }; /* picture pixel in the middle of the screen; device px each */
const shown = { image: document.createElement("canvas"), x: 0, y: 0, w: 0, h: 0, frame: 0 };
const base = { image: document.createElement("canvas"), w: 0 }; /* the last frame seen as a whole */
let socket = null, fitted = true, cabinetsOn = false, raw = false;
let panelOn = innerWidth > 900; /* a small screen is for the wall */
let panelWidth = 0;
let drawing = false, asked = "", lastStats = null, retryMs = 500;

const color = (port) => port < 0 ? "#777" : `hsl(${(port * 137.508 + 205) % 360} 75% 62%)`;

/* --- view ------------------------------------------------------------------------------------ */

/* The whole wall, beside the figures where there is room for both. */
function fit() {
  const r = devicePixelRatio, side = 20 * r, top = 64 * r, bottom = 72 * r;
  const panel = panelOn && innerWidth > 1100 ? $("figures").offsetWidth * r + side : 0;
  const w = canvas.width - 2 * side - panel, h = canvas.height - top - bottom;
  view.scale = Math.max(Math.min(w / wall.width, h / wall.height), 0.001);
  view.x = wall.width / 2 + (panel / 2) / view.scale;
  view.y = wall.height / 2 + (bottom - top) / 2 / view.scale;
  fitted = true;
  changed();
}

function zoomTo(scale, sx = canvas.width / 2, sy = canvas.height / 2) {
  const px = view.x + (sx - canvas.width / 2) / view.scale;
  const py = view.y + (sy - canvas.height / 2) / view.scale;
  const least = Math.min(canvas.width / wall.width, canvas.height / wall.height) / 4;
  view.scale = Math.min(Math.max(scale, least), 160 * devicePixelRatio);
  view.x = px - (sx - canvas.width / 2) / view.scale;
  view.y = py - (sy - canvas.height / 2) / view.scale;
  fitted = false;
  changed();
}

function moveBy(dx, dy) {
  view.x = Math.min(Math.max(view.x - dx / view.scale, 0), wall.width);
  view.y = Math.min(Math.max(view.y - dy / view.scale, 0), wall.height);
  fitted = false;
  changed();
}

/* The part of the picture on the screen, in whole pixels and with a little around it. */
function visible() {
  const w = canvas.width / view.scale, h = canvas.height / view.scale;
  const x0 = Math.max(0, Math.floor(view.x - w / 2 - w * 0.1));
  const y0 = Math.max(0, Math.floor(view.y - h / 2 - h * 0.1));
  const x1 = Math.min(wall.width, Math.ceil(view.x + w / 2 + w * 0.1));
  const y1 = Math.min(wall.height, Math.ceil(view.y + h / 2 + h * 0.1));
  return [x0, y0, Math.max(1, x1 - x0), Math.max(1, y1 - y0)];
}

function ask() {
  if (!socket || socket.readyState !== WebSocket.OPEN) return;
  const part = visible();
  const text = JSON.stringify({
    view: part,
    max: [Math.ceil(part[2] * view.scale), Math.ceil(part[3] * view.scale)],
    look: raw ? "raw" : "light",
  });
  if (text !== asked) socket.send(text);
  asked = text;
}

function changed() {
  ask();
  draw();
}

/* --- drawing ---------------------------------------------------------------------------------- */

/* A black tile with a round hole: laid over the picture it leaves one dot of each LED. */
const mask = (() => {
  const size = 64, tile = document.createElement("canvas");
  tile.width = tile.height = size;
  const t = tile.getContext("2d");
  t.fillStyle = "#060708";
  t.fillRect(0, 0, size, size);
  const hole = t.createRadialGradient(size / 2, size / 2, 0, size / 2, size / 2, size / 2);
  hole.addColorStop(0, "rgba(0,0,0,1)");
  hole.addColorStop(0.66, "rgba(0,0,0,1)");
  hole.addColorStop(0.74, "rgba(0,0,0,.28)");
  hole.addColorStop(1, "rgba(0,0,0,.10)"); /* a little light falls on the housing */
  t.globalCompositeOperation = "destination-out";
  t.fillStyle = hole;
  t.fillRect(0, 0, size, size);
  return { size, pattern: ctx.createPattern(tile, "repeat") };
})();

const toScreenX = (x) => (x - view.x) * view.scale + canvas.width / 2;
const toScreenY = (y) => (y - view.y) * view.scale + canvas.height / 2;

function onScreen(c) {
  return toScreenX(c.x + c.w) > 0 && toScreenX(c.x) < canvas.width &&
         toScreenY(c.y + c.h) > 0 && toScreenY(c.y) < canvas.height;
}

function drawPicture(image, x, y, w, h) {
  ctx.imageSmoothingEnabled = view.scale * w / image.width < 1;
  ctx.imageSmoothingQuality = "medium";
  ctx.drawImage(image, toScreenX(x), toScreenY(y), w * view.scale, h * view.scale);
}

function drawDots() {
  for (const c of wall.cabinets) {
    if (!c.px || Math.min(c.px, c.py) * view.scale < DOTS_FROM || !onScreen(c)) continue;
    const m = new DOMMatrix([c.px * view.scale / mask.size, 0, 0, c.py * view.scale / mask.size,
                             toScreenX(c.x), toScreenY(c.y)]);
    mask.pattern.setTransform(m);
    ctx.fillStyle = mask.pattern;
    ctx.fillRect(toScreenX(c.x), toScreenY(c.y), c.w * view.scale, c.h * view.scale);
  }
}

function drawCabinets() {
  const dpr = devicePixelRatio;
  ctx.lineWidth = Math.max(1, dpr);
  ctx.textBaseline = "top";
  for (const c of wall.cabinets) {
    if (!onScreen(c)) continue;
    const x = toScreenX(c.x), y = toScreenY(c.y), w = c.w * view.scale, h = c.h * view.scale;
    ctx.strokeStyle = color(c.port);
    ctx.strokeRect(Math.round(x) + 0.5, Math.round(y) + 0.5, Math.round(w) - 1, Math.round(h) - 1);
    if (w < 46 * dpr || h < 30 * dpr) continue;
    const lines = [c.id, c.port < 0 ? "no port" : `${wall.outputs[c.port]} \u00b7 ${c.place}`];
    ctx.font = `600 ${11 * dpr}px system-ui, sans-serif`;
    const tw = Math.min(w - 8 * dpr, Math.max(...lines.map((l) => ctx.measureText(l).width)) + 10 * dpr);
    ctx.fillStyle = "rgba(8,9,11,.78)";
    ctx.fillRect(x + 4 * dpr, y + 4 * dpr, tw, 33 * dpr);
    ctx.fillStyle = "#e7e9ee";
    ctx.fillText(lines[0], x + 9 * dpr, y + 8 * dpr, w - 18 * dpr);
    ctx.fillStyle = color(c.port);
    ctx.fillText(lines[1], x + 9 * dpr, y + 22 * dpr, w - 18 * dpr);
  }
}

function paint() {
  drawing = false;
  ctx.fillStyle = "#08090b";
  ctx.fillRect(0, 0, canvas.width, canvas.height);
  ctx.fillStyle = "#000";
  ctx.fillRect(toScreenX(0), toScreenY(0), wall.width * view.scale, wall.height * view.scale);
  if (base.w) drawPicture(base.image, 0, 0, wall.width, wall.height);
  if (shown.w) drawPicture(shown.image, shown.x, shown.y, shown.w, shown.h);
  drawDots();
  if (cabinetsOn) drawCabinets();
}

function draw() {
  if (!drawing) requestAnimationFrame(paint);
  drawing = true;
}

/* --- frames ------------------------------------------------------------------------------------ */

function onFrame(buffer) {
  if (buffer.byteLength < 40) return;
  const d = new DataView(buffer);
  const w = d.getUint32(32, true), h = d.getUint32(36, true);
  if (d.getUint32(0, false) !== 0x51505731 || buffer.byteLength !== 40 + 4 * w * h) return;
  if (shown.image.width !== w || shown.image.height !== h) {
    shown.image.width = w;
    shown.image.height = h;
  }
  shown.frame = d.getUint32(4, true) + d.getUint32(8, true) * 4294967296;
  shown.x = d.getUint32(12, true);
  shown.y = d.getUint32(16, true);
  shown.w = d.getUint32(20, true);
  shown.h = d.getUint32(24, true);
  shown.image.getContext("2d").putImageData(new ImageData(new Uint8ClampedArray(buffer, 40), w, h), 0, 0);
  if (shown.w === wall.width && shown.h === wall.height) {
    base.image.width = w;
    base.image.height = h;
    base.image.getContext("2d").drawImage(shown.image, 0, 0);
    base.w = w;
  }
  document.body.dataset.frames = shown.frame;
  document.title = shown.frame ? `${wall.name} \u00b7 frame ${shown.frame}` : wall.name;
  draw();
}

/* --- figures ------------------------------------------------------------------------------------- */

function node(tag, text, className) {
  const n = document.createElement(tag);
  n.textContent = text;
  if (className) n.className = className;
  return n;
}

const count = (n) => n < 100000 ? String(n) : n < 1e7 ? (n / 1e3).toFixed(0) + " k" : (n / 1e6).toFixed(1) + " M";
const trouble = (n) => node("td", count(n), n ? "bad" : "");

function light(b) {
  if (!b) return "\u2013";
  const percent = b.map((v) => Math.round(v / 2.55));
  return new Set(percent).size === 1 ? `${percent[0]} %` : percent.join(" / ") + " %";
}

function rates(stats) {
  const now = performance.now();
  const old = lastStats;
  const values = stats.ports.map((p) => p.frames);
  if (old && now - old.at < 900) return old.rates;
  const rate = values.map((v, i) => old ? (v - old.values[i]) * 1000 / (now - old.at) : 0);
  lastStats = { at: now, values, rates: rate };
  return rate;
}

function portRow(p, i, rate) {
  const row = document.createElement("tr"), first = document.createElement("td");
  const swatch = node("span", "", "swatch");
  swatch.style.background = color(i);
  first.append(swatch, p.id);
  first.title = p.driver;
  const j = p.latch_jitter_ms;
  const stale = p.last_packet_age_ms > 2000;
  row.append(first, node("td", count(p.frames)),
             node("td", stale ? "silent" : rate.toFixed(1), stale ? "stale" : ""),
             node("td", j.intervals ? `${j.p99.toFixed(2)} / ${j.max.toFixed(2)} ms` : "\u2013"),
             trouble(p.rows_missing), trouble(p.torn), node("td", light(p.brightness)), trouble(p.malformed));
  return row;
}

function total(name, value, bad) {
  const div = document.createElement("div");
  div.append(node("dt", name), node("dd", value, bad ? "bad" : ""));
  return div;
}

function onStats(stats) {
  const t = stats.totals, rate = rates(stats);
  const fps = rate.length ? Math.max(...rate) : 0;
  $("totals").replaceChildren(
    total("frames", count(t.frames)), total("frames a second", fps.toFixed(1)),
    total("rows missing", count(t.rows_missing), t.rows_missing), total("torn", count(t.torn), t.torn),
    total("packets", count(t.packets)), total("malformed", count(t.malformed), t.malformed));
  $("ports").replaceChildren(...stats.ports.slice(0, 64).map((p, i) => portRow(p, i, rate[i])));
  const reasons = stats.ports.flatMap((p) => Object.entries(p.malformed_reasons).map(([k, n]) => `${p.id}: ${n} \u00d7 ${k}`));
  for (const [k, n] of Object.entries(t.malformed_reasons)) reasons.push(`${n} \u00d7 ${k}`);
  $("reasons").replaceChildren(...reasons.slice(0, 12).map((r) => node("li", r)));
  if (fitted && $("figures").offsetWidth !== panelWidth) fit();
  panelWidth = $("figures").offsetWidth;
  document.body.dataset.torn = t.torn;
  document.body.dataset.missing = t.rows_missing;
}

/* --- connection ---------------------------------------------------------------------------------------- */

function state(name, text) {
  document.body.dataset.state = name;
  $("state").textContent = text;
}

async function describe() {
  const d = await (await fetch("/wall.json")).json();
  Object.assign(wall, d);
  wall.name = d.name || "Virtual wall";
  wall.cabinets = d.cabinets.map(([id, x, y, w, h, px, py, port, place, turn]) =>
    ({ id, x, y, w, h, px, py, port, place, turn }));
  $("name").textContent = wall.name;
  $("size").textContent = `${wall.width} \u00d7 ${wall.height}`;
}

async function connect() {
  try {
    await describe();
  } catch {
    retry();
    return;
  }
  if (fitted) fit();
  socket = new WebSocket(`ws://${location.host}/ws`);
  socket.binaryType = "arraybuffer";
  socket.onopen = () => { retryMs = 500; asked = ""; state("live", "live"); ask(); };
  socket.onmessage = (e) => typeof e.data === "string" ? onStats(JSON.parse(e.data)) : onFrame(e.data);
  socket.onclose = retry;
}

function retry() {
  socket = null;
  state("lost", "no connection to qp-wall, trying again");
  setTimeout(connect, retryMs);
  retryMs = Math.min(retryMs * 2, 8000);
}

/* --- hands ------------------------------------------------------------------------------------------------ */

function toggle(id, on) {
  $(id).setAttribute("aria-pressed", String(on));
}

const actions = {
  fit,
  one: () => zoomTo(devicePixelRatio),
  dots: () => zoomTo(14 * devicePixelRatio),
  look: () => { raw = !raw; toggle("look", raw); changed(); },
  cabinets: () => { cabinetsOn = !cabinetsOn; toggle("cabinets", cabinetsOn); draw(); },
  panel: () => { panelOn = !panelOn; toggle("panel", panelOn); $("figures").hidden = !panelOn; if (fitted) fit(); },
};
for (const [id, act] of Object.entries(actions)) $(id).addEventListener("click", act);

const keys = { f: "fit", 1: "one", d: "dots", l: "look", c: "cabinets", s: "panel" };
addEventListener("keydown", (e) => {
  if (e.ctrlKey || e.metaKey || e.altKey) return;
  const step = 60 * devicePixelRatio;
  const moves = { ArrowLeft: [step, 0], ArrowRight: [-step, 0], ArrowUp: [0, step], ArrowDown: [0, -step] };
  if (keys[e.key]) actions[keys[e.key]]();
  else if (moves[e.key]) moveBy(...moves[e.key]);
  else if (e.key === "+" || e.key === "=") zoomTo(view.scale * 1.25);
  else if (e.key === "-") zoomTo(view.scale / 1.25);
  else return;
  e.preventDefault();
});

canvas.addEventListener("wheel", (e) => {
  e.preventDefault();
  const r = devicePixelRatio, unit = e.deltaMode === 1 ? 16 : 1;
  zoomTo(view.scale * Math.exp(-e.deltaY * unit * 0.0015), e.clientX * r, e.clientY * r);
}, { passive: false });

const pointers = new Map();
canvas.addEventListener("pointerdown", (e) => {
  canvas.setPointerCapture(e.pointerId);
  pointers.set(e.pointerId, [e.clientX, e.clientY]);
});
canvas.addEventListener("pointerup", (e) => pointers.delete(e.pointerId));
canvas.addEventListener("pointercancel", (e) => pointers.delete(e.pointerId));
canvas.addEventListener("pointermove", (e) => {
  point(e);
  const old = pointers.get(e.pointerId), r = devicePixelRatio;
  if (!old) return;
  if (pointers.size === 2) {
    const other = [...pointers].find(([id]) => id !== e.pointerId)[1];
    const before = Math.hypot(old[0] - other[0], old[1] - other[1]);
    const after = Math.hypot(e.clientX - other[0], e.clientY - other[1]);
    if (before > 0) zoomTo(view.scale * after / before, other[0] * r, other[1] * r);
  } else {
    moveBy((e.clientX - old[0]) * r, (e.clientY - old[1]) * r);
  }
  pointers.set(e.pointerId, [e.clientX, e.clientY]);
});
canvas.addEventListener("dblclick", fit);
canvas.addEventListener("pointerleave", () => { $("where").textContent = ""; });

/* What lies under the pointer. */
function point(e) {
  const r = devicePixelRatio;
  const x = Math.floor(view.x + (e.clientX * r - canvas.width / 2) / view.scale);
  const y = Math.floor(view.y + (e.clientY * r - canvas.height / 2) / view.scale);
  if (x < 0 || y < 0 || x >= wall.width || y >= wall.height) {
    $("where").textContent = "";
    return;
  }
  const c = wall.cabinets.find((k) => x >= k.x && y >= k.y && x < k.x + k.w && y < k.y + k.h);
  $("where").textContent = `${x}, ${y}` + (c ? ` \u00b7 ${c.id} \u00b7 ${c.port < 0 ? "no port" : wall.outputs[c.port] + " #" + c.place}` : "");
}

function resize() {
  canvas.width = Math.round(innerWidth * devicePixelRatio);
  canvas.height = Math.round(innerHeight * devicePixelRatio);
  if (fitted) fit();
  else changed();
}
addEventListener("resize", resize);
toggle("panel", panelOn);
$("figures").hidden = !panelOn;
resize();
connect();
