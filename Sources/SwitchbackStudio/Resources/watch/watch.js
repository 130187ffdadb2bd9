// The page /watch: what a served model has met lately, whether that is still like what it has learned from, and the images
// that it is least certain of, which go back to labelling.

import { overlay, page } from "/data/parts.js";
import { ask, get, runPath } from "/frame/ask.js";
import { find, html, svg } from "/frame/drawing.js";
import { failed, startPage, succeeded } from "/frame/frame.js";
import { number, percent, t, whole } from "/frame/words.js";

const SECONDS = 10;
let watched = null, shown = "";

const address = () => `/api/v1/watch/${runPath(find("run").value)}`;

function figure(key, value, more = "") {
  return html("div", "", html("dt", "", t(key)), html("dd", "", value), html("dd", "", more));
}

function showFigures() {
  const [middle, most, almostAll] = watched.milliseconds;
  const milliseconds = (value) => (value === undefined ? "–" : t("watch.milliseconds", { value: number(value, 3) }));
  find("figures").replaceChildren(
    figure("watch.requests", whole(watched.requests), watched.set ? t("watch.set", { set: watched.set }) : ""),
    figure("watch.errors", whole(watched.errors), watched.requests ? percent(watched.errors / watched.requests) : ""),
    figure("watch.middle", milliseconds(middle)), figure("watch.most", milliseconds(most)), figure("watch.almostAll", milliseconds(almostAll)));
}

/** In a sentence, whether what comes is still like the training images. */
function showVerdict() {
  const drifts = watched.drifts.filter((drift) => drift.isDrift);
  const kind = !watched.set || !watched.drifts.length ? "unknown" : drifts.length ? "drift" : "same";
  find("verdict").className = `note ${{ unknown: "", drift: "warn", same: "ok" }[kind]}`;
  find("verdict-title").textContent = t(`watch.verdict.${kind}`);
  const sentences = drifts.map((drift) => t(`watch.drift.${drift.feature}`, {
    now: number(drift.now, 3), before: number(drift.before, 3), distance: number(drift.distance, 2) }));
  if (kind === "unknown") sentences.push(t(watched.set ? "watch.few" : "watch.noset"));
  if (kind === "drift") sentences.push(t("watch.remedy"));
  find("verdict-sentences").replaceChildren(...sentences.map((sentence) => html("p", "", sentence)));
}

function showHours() {
  const drawing = find("hours"), hours = watched.hours;
  const most = Math.max(1, ...hours.map((hour) => hour.requests));
  const [width, height] = [480, 120], step = width / hours.length;
  drawing.setAttribute("viewBox", `0 0 ${width} ${height + 20}`);
  drawing.setAttribute("aria-label", t("watch.hours.label", { count: hours.reduce((sum, hour) => sum + hour.requests, 0), most: most }));
  const bars = hours.flatMap((hour, index) => {
    const [all, bad] = [height * hour.requests / most, height * hour.errors / most];
    return [svg("rect", { class: "good", x: index * step + 1, y: height - all, width: step - 2, height: all - bad, rx: 1 }),
      svg("rect", { class: "error", x: index * step + 1, y: height - bad, width: step - 2, height: bad, rx: 1 })];
  });
  const time = (hour) => new Date(hour.begin * 1000).toLocaleString(document.documentElement.lang, { weekday: "short", hour: "numeric" });
  drawing.replaceChildren(svg("line", { class: "axis", x1: 0, x2: width, y1: height + 0.5, y2: height + 0.5 }), ...bars,
    svg("text", { x: 0, y: height + 15 }, time(hours[0])), svg("text", { x: width, y: height + 15, "text-anchor": "end" }, time(hours.at(-1))),
    svg("text", { x: 0, y: 10 }, whole(most)));
}

function showClasses() {
  const most = Math.max(0.01, ...watched.classes.flatMap((one) => [one.share, one.before ?? 0]));
  find("classes").replaceChildren(...watched.classes.slice(0, 30).map((one) => {
    const drawing = svg("svg", { viewBox: "0 0 100 14", preserveAspectRatio: "none", "aria-hidden": "true" },
      svg("rect", { class: "now", x: 0, y: 1, width: 100 * one.share / most, height: 5 }),
      svg("rect", { class: "before", x: 0, y: 8, width: 100 * (one.before ?? 0) / most, height: 5 }));
    const words = one.before === undefined ? percent(one.share) : `${percent(one.share)} / ${percent(one.before)}`;
    return html("div", "shares", html("span", "", one.name), drawing, html("span", "num small", words));
  }));
}

function tile(image) {
  const picture = html("img");
  picture.src = `${address()}/images/${encodeURIComponent(image.name)}`;
  picture.alt = "";
  picture.loading = "lazy";
  const boxes = image.found.filter((one) => one.length === 6).map(([index, , ...corners]) => [index, ...corners]);
  const box = html("input");
  box.type = "checkbox";
  box.value = image.name;
  const best = image.found[0];
  const guess = best ? `${watched.classes[best[0]]?.name ?? ""} ${percent(best[1])}` : t("watch.nothing");
  const moment = new Date(image.time * 1000), language = document.documentElement.lang;
  const isToday = moment.toDateString() === new Date().toDateString();
  const when = moment.toLocaleString(language, isToday ? { timeStyle: "short" } : { month: "numeric", day: "numeric" });
  box.setAttribute("aria-label", `${moment.toLocaleString(language)}, ${guess}`);
  box.addEventListener("change", showChoice);
  return html("label", "tile", box, picture, overlay({ ...image, boxes }), html("span", "cap", html("span", "", when), html("span", "", guess)));
}

const chosen = () => [...document.querySelectorAll("#images :checked")].map((box) => box.value);

function showChoice() {
  const count = chosen().length;
  find("label").disabled = count === 0;
  find("label").textContent = count ? t("watch.label.count", { count: count }) : t("watch.label");
}

function showImages() {
  find("images").replaceChildren(...watched.images.map(tile));
  find("uncertain-lead").textContent = t(watched.images.length ? "watch.uncertain.lead" : "watch.uncertain.none");
  for (const id of ["all", "label"]) find(id).hidden = !watched.set || !watched.images.length;
  showChoice();
}

async function refresh() {
  if (!find("run").value) return;
  try {
    const found = await get(address());
    succeeded();
    const state = JSON.stringify([found, document.documentElement.lang]);
    // What has not changed is left as it is, with the choice in it.
    if (state === shown) return;
    const hasSameImages = JSON.stringify(watched?.images) === JSON.stringify(found.images) && shown.endsWith(`"${document.documentElement.lang}"]`);
    shown = state;
    watched = found;
    find("watched").hidden = false;
    for (const part of [showFigures, showVerdict, showHours, showClasses]) part();
    if (!hasSameImages) showImages();
  } catch (error) {
    failed(error);
  }
}

async function label() {
  try {
    const sent = await ask(`${address()}/label`, { images: chosen() });
    location.href = `${page(sent.set)}/label/first?${new URLSearchParams({ q: sent.query, state: "unlabeled" })}`;
  } catch (error) {
    failed(error);
  }
}

await startPage(refresh);
try {
  const { runs } = await get("/api/v1/watch");
  find("none").hidden = runs.length > 0;
  find("run").hidden = runs.length === 0;
  find("run").replaceChildren(...runs.map((run) => new Option(run)));
  const asked = new URLSearchParams(location.search).get("run");
  if (runs.includes(asked)) find("run").value = asked;
} catch (error) {
  failed(error);
}
find("run").addEventListener("change", refresh);
find("label").addEventListener("click", label);
find("all").addEventListener("click", () => {
  for (const box of document.querySelectorAll("#images input")) box.checked = true;
  showChoice();
});
await refresh();
setInterval(() => { if (!document.hidden) refresh(); }, SECONDS * 1000);
