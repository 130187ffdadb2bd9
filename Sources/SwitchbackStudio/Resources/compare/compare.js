// The page /compare: what runs find in the images of a data set, beside what is labelled there, image by image.

import { api, labelPage, page, thumbnail } from "/data/parts.js";
import { ask, get, runPath, talks } from "/frame/ask.js";
import { find, html, svg } from "/frame/drawing.js";
import { failed, startPage, succeeded } from "/frame/frame.js";
import { button } from "/frame/jobs.js";
import { percent, t, whole } from "/frame/words.js";

const POLL = 1000, PIECE = 24;
// Beyond this probability a difference may well be chance.
const CHANCE = 0.05;
let sets = [], runs = [], shown = null, generation = 0;

/** What is chosen stands in the address, so that it can be kept and passed on. */
const chosen = () => new URLSearchParams(location.search);

function choose(changes) {
  const query = chosen();
  for (const [key, value] of Object.entries(changes)) {
    if (value) query.set(key, value); else query.delete(key);
  }
  history.replaceState(null, "", `?${query}`);
  refresh();
}

const runsOf = (set) => runs.filter((run) => run.canServe && !talks(run.id)
  && (set.kind === "classes") === run.id.startsWith("classify/"));
const asked = () => ["a", "b"].map((key) => chosen().get(key)).filter(Boolean);

// ---- what is chosen

function fill(select, options, value) {
  select.replaceChildren(...options.map(([key, words]) => new Option(words, key, false, key === value)));
}

/** Completes what the address leaves open: the data set of the run, and its newest runs. */
function complete() {
  const query = chosen();
  const set = sets.find((one) => one.name === query.get("set")) ?? sets.find((one) => runsOf(one).length) ?? sets[0];
  if (!set) return null;
  const usable = runsOf(set).map((run) => run.id);
  const a = usable.includes(query.get("a")) ? query.get("a") : usable[0] ?? "";
  const b = usable.includes(query.get("b")) && query.get("b") !== a ? query.get("b") : "";
  query.set("set", set.name);
  query.set("a", a);
  if (b) query.set("b", b); else query.delete("b");
  if (!query.has("split")) query.set("split", "val");
  history.replaceState(null, "", `?${query}`);
  fill(find("set"), sets.map((one) => [one.name, one.name]), set.name);
  fill(find("a"), usable.map((id) => [id, id]), a);
  fill(find("b"), [["", t("compare.labels")], ...usable.filter((id) => id !== a).map((id) => [id, id])], b);
  find("split").value = query.get("split") === "all" ? "" : query.get("split");
  return a ? set : null;
}

// ---- looking at the images

function progressLine(state) {
  const bar = html("i", ""), track = html("div", "bar", bar);
  bar.style.width = `${100 * state.done / Math.max(1, state.total)}%`;
  const words = html("span", "num", t("compare.looking", { run: state.run, done: state.done, total: state.total }));
  const stop = button(t("jobs.stop"), "sm", () => ask(`${api(chosen().get("set"))}/judgements/stop`, { run: state.run }), failed);
  return html("div", "looking", words, stop, track);
}

/** Has all runs look at all images; false where something else was chosen meanwhile. */
async function look(set, own) {
  const address = `${api(set.name)}/judgements`;
  let states = await Promise.all(asked().map((run) => ask(address, { run })));
  for (;;) {
    if (own !== generation) return false;
    const broken = states.find((state) => state.problem && !state.isWorking);
    if (broken) throw new Error(broken.problem);
    const working = states.filter((state) => state.isWorking);
    find("looking").hidden = working.length === 0;
    find("progress").replaceChildren(...working.map(progressLine));
    if (!working.length) return true;
    await new Promise((done) => setTimeout(done, POLL));
    states = await Promise.all(asked().map((run) => get(`${address}?${new URLSearchParams({ run })}`)));
  }
}

// ---- what came of it

function sentence() {
  const values = { images: shown.images, first: shown.firstBetter, second: shown.secondBetter };
  if (shown.images === 0) return t("compare.unlabeled");
  if (shown.runs.length < 2) return t("compare.one", values);
  return `${t("compare.two", values)} ${t(shown.chance > CHANCE ? "compare.chance" : "compare.sure", { chance: percent(shown.chance) })}`;
}

function box(drawing, image, [x1, y1, x2, y2], kind) {
  const place = { x: x1 * image.width, y: y1 * image.height, width: Math.max(0, (x2 - x1) * image.width), height: Math.max(0, (y2 - y1) * image.height) };
  drawing.append(svg("rect", { ...place, class: "mark under" }), svg("rect", { ...place, class: `mark ${kind}` }));
}

function picture({ image, truth }, outcome) {
  const drawing = svg("svg", { viewBox: `0 0 ${image.width} ${image.height}`, preserveAspectRatio: "xMidYMid meet", "aria-hidden": "true" });
  if (truth[0]?.length !== 1) {
    for (const index of outcome.lost) box(drawing, image, truth[index].slice(1), "missed");
    for (const [, , x1, y1, x2, y2, isRight] of outcome.found) box(drawing, image, [x1, y1, x2, y2], isRight ? "right" : "wrong");
  }
  return html("figure", "", thumbnail(image, chosen().get("set")), drawing);
}

function verdict(outcome, index, row) {
  const others = row.outcomes.filter((_, other) => other !== index);
  const errors = (one) => one.missed + one.wrong;
  const isBest = others.length > 0 && others.every((other) => errors(other) > errors(outcome));
  const guess = outcome.found[0];
  const words = row.truth[0]?.length === 1
    ? (guess ? `${shown.classes[guess[0]]} ${percent(guess[1])}` : "–")
    : t("compare.verdict", { right: outcome.right, missed: outcome.missed, wrong: outcome.wrong });
  return html("span", isBest ? "best" : "", isBest ? `✓ ${words}` : words);
}

function pair(row) {
  const link = html("a", "", ...row.outcomes.map((outcome) => picture(row, outcome)));
  const own = sets.find((one) => one.name === chosen().get("set"));
  if (own?.kind === "yolo") link.href = labelPage(row.image, "", own.name);
  link.setAttribute("aria-label", t("check.open", { name: row.image.name }));
  const truth = row.truth[0]?.length === 1 ? ` · ${shown.classes[row.truth[0][0]]}` : "";
  return html("section", "card pair", html("h3", "", row.image.name, html("span", "muted", ` ${row.image.split}${truth}`)), link,
    html("div", "verdicts", ...row.outcomes.map((outcome, index) => verdict(outcome, index, row))));
}

function chip(words, part) {
  const element = html("button", "chip", words);
  element.type = "button";
  element.setAttribute("aria-pressed", (chosen().get("part") ?? "") === part);
  element.addEventListener("click", () => choose({ part }));
  return element;
}

function draw() {
  if (!shown) return;
  const isPair = shown.runs.length > 1;
  find("sentence").textContent = sentence();
  find("totals").replaceChildren(...shown.totals.map((total, index) => html("tr", "", html("td", "", shown.runs[index]),
    ...["right", "missed", "wrong"].map((key) => html("td", "num", whole(total[key]))))));
  const parts = [chip(t("set.all"), ""), chip(t("compare.mistakes"), "mistakes")];
  if (isPair) parts.push(chip(`${t("compare.better", { run: shown.runs[0] })} ${whole(shown.firstBetter)}`, "first"),
    chip(`${t("compare.better", { run: shown.runs[1] })} ${whole(shown.secondBetter)}`, "second"));
  find("parts").replaceChildren(...parts);
  const orders = [...(isPair ? ["difference"] : []), "worst", "uncertain"];
  fill(find("order"), orders.map((key) => [key, t(`compare.order.${key}`)]), chosen().get("order") ?? orders[0]);
  find("rows").classList.toggle("single", !isPair);
  find("rows").replaceChildren(...shown.rows.map(pair));
  find("nothing").hidden = shown.rows.length > 0;
  find("legend").hidden = shown.rows.every((row) => row.truth[0]?.length === 1);
  find("more").hidden = shown.rows.length >= shown.total;
  find("result").hidden = false;
}

async function fetchRows(from) {
  const query = chosen();
  const set = query.get("set");
  for (const key of ["set", "lang", ...(query.get("split") === "all" ? ["split"] : [])]) query.delete(key);
  query.set("from", from);
  query.set("count", PIECE);
  return get(`${api(set)}/comparison?${query}`);
}

/** The data set that the run of the address has learned from, where the address names none. */
async function findSet() {
  const run = chosen().get("a");
  if (!run || chosen().get("set")) return;
  const { arguments: options } = await get(`/api/v1/runs/${runPath(run)}`);
  const set = sets.find((one) => options.data === one.path || options.data?.startsWith(`${one.path}/`));
  if (!set) return;
  const query = chosen();
  query.set("set", set.name);
  history.replaceState(null, "", `?${query}`);
}

async function refresh() {
  const own = ++generation;
  try {
    const set = complete();
    find("none").hidden = Boolean(set);
    find("choice").hidden = sets.length === 0 || runs.length === 0;
    find("to-label").hidden = set?.kind !== "yolo";
    if (!set) { find("result").hidden = true; return; }
    find("to-label").href = `${page(set.name)}/label/first?uncertain=${encodeURIComponent(asked()[0])}&state=unlabeled`;
    if (!await look(set, own)) return;
    const found = await fetchRows(0);
    if (own !== generation) return;
    shown = found;
    draw();
    succeeded();
  } catch (error) {
    find("looking").hidden = true;
    failed(error);
  }
}

await startPage(() => { complete(); draw(); });
for (const key of ["set", "a", "b", "split", "order"]) {
  find(key).addEventListener("change", () => choose({ [key]: find(key).value || (key === "split" ? "all" : ""), ...(key === "set" ? { a: "", b: "" } : {}) }));
}
find("more").addEventListener("click", async () => {
  try {
    const next = await fetchRows(shown.rows.length);
    shown.rows.push(...next.rows);
    draw();
  } catch (error) {
    failed(error);
  }
});
try {
  const [list, { runs: known }] = await Promise.all([get("/api/v1/data"), get("/api/v1/runs")]);
  sets = list.sets.filter((set) => ["yolo", "classes"].includes(set.kind) && set.images > 0);
  runs = known;
  await findSet();
  await refresh();
} catch (error) {
  failed(error);
}
