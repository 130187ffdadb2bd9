// The page /runs: the list of runs, and the curves, diagnosis and options of those that are selected.

import { get, runPath, talks } from "/frame/ask.js";
import { find, html, link } from "/frame/drawing.js";
import { failed, startPage, succeeded } from "/frame/frame.js";
import { headline, progress } from "/frame/figures.js";
import { moment, percent, t, whole } from "/frame/words.js";
import { curve } from "./curves.js";
import { showJob, showPace } from "./job.js";

const SECONDS = 2;
// Columns that say where a run is, not how well it does.
const COURSE = ["epoch", "step", "seconds", "epochs", "best"];
let shown = "";

/** The selected runs stand in the address, so that a comparison can be kept and passed on. */
const selected = () => location.hash.slice(1).split(",").filter(Boolean).map(decodeURIComponent);

function select(id, isSelected) {
  const others = selected().filter((other) => other !== id);
  location.hash = (isSelected ? [...others, id] : others).map(encodeURIComponent).join(",");
}

function summary(run, chosen) {
  const box = html("input");
  box.type = "checkbox";
  box.checked = chosen.includes(run.id);
  box.setAttribute("aria-label", t("runs.select", { run: run.id }));
  box.addEventListener("change", () => select(run.id, box.checked));
  const name = link(run.id, `#${encodeURIComponent(run.id)}`, "strong");
  return html("tr", "",
    html("td", "", box), html("td", "", name), html("td", "num", progress(run.progress)), html("td", "num", headline(run.best)),
    html("td", "narrow-hide muted", moment(run.modified)));
}

function showList({ folder, runs }) {
  find("folder").textContent = folder;
  find("none").hidden = runs.length > 0;
  find("list").hidden = runs.length === 0;
  find("count").textContent = whole(runs.length);
  const chosen = selected();
  find("rows").replaceChildren(...runs.map((run) => summary(run, chosen)));
}

function showLegend(runs) {
  find("chosen").textContent = runs.length === 1 ? runs[0].summary.id : t("runs.compared");
  find("legend").replaceChildren(...runs.map((run, index) => html("span", `key c${index % 6 + 1}`,
    html("i"), html("span", "", `${run.summary.id} · ${progress(run.summary.progress)}`))));
}

/** Image by image, where the runs look at images: one beside its labels, or two. */
function showLink(runs) {
  const [a, b] = runs.map((run) => run.summary.id);
  const looks = (run) => run.summary.canServe && !talks(run.summary.id);
  find("to-compare").hidden = runs.length > 2 || !runs.every(looks);
  find("to-compare").href = `/compare?${new URLSearchParams({ a, ...(b ? { b } : {}) })}`;
}

/** What the figures of a run mean, for those who do not know their names. */
function showSaid(runs) {
  const [run] = runs;
  const best = (name) => run.rows[run.bestRow]?.[run.columns.indexOf(`val/${name}`)] ?? null;
  const [precision, recall, accuracy] = ["precision", "recall", "accuracy"].map(best);
  find("said").hidden = runs.length > 1 || (accuracy === null && (precision === null || recall === null));
  if (find("said").hidden) return;
  find("said").textContent = accuracy !== null ? t("runs.said.accuracy", { accuracy: percent(accuracy) })
    : recall === 0 ? t("runs.said.nothing") : t("runs.said", { recall: percent(recall), precision: percent(precision) });
}

/** What a run is judged by stands first, and how it learns last. */
const rank = (column) => (/^lr|rate/.test(column) ? 2 : /loss/.test(column) ? 1 : 0);

function showCurves(runs) {
  const columns = [...new Set(runs.flatMap((run) => run.columns))].filter((column) => !COURSE.includes(column))
    .sort((a, b) => rank(a) - rank(b));
  const figures = columns.map((column) => curve(column, runs)).filter(Boolean);
  const waiting = html("p", "muted", t("runs.noCurves"));
  find("curves").replaceChildren(...(figures.length ? figures : [waiting]));
}

function showDiagnosis(runs) {
  const sentences = runs.flatMap((run) => run.diagnosis.map((sentence) => {
    const kind = sentence.severity === "fine" ? "ok" : sentence.severity === "failure" ? "bad" : "";
    return html("li", kind, (runs.length > 1 ? `${run.summary.id}: ` : "") + sentence.text);
  }));
  const none = html("li", "muted", t("runs.noDiagnosis"));
  find("sentences").replaceChildren(...(sentences.length ? sentences : [none]));
}

/** All options of one run, which are many and stay folded; of several those that differ. */
function showOptions(runs) {
  if (runs.length > 1) find("options-card").open = true;
  const keys = [...new Set(runs.flatMap((run) => Object.keys(run.arguments)))].sort();
  const differing = keys.filter((key) => new Set(runs.map((run) => run.arguments[key])).size > 1);
  find("options-title").textContent = runs.length === 1 ? t("runs.options") : t("runs.differing");
  const heads = runs.map((run) => html("th", "", run.summary.id));
  find("option-heads").replaceChildren(html("tr", "", html("th", "", t("runs.option")), ...heads));
  const rows = (runs.length === 1 ? keys : differing).map((key) => html("tr", "",
    html("td", "mono", key), ...runs.map((run) => html("td", "cell", run.arguments[key] ?? "–"))));
  const none = html("tr", "", html("td", "muted", t("runs.sameOptions")));
  find("options").replaceChildren(...(rows.length ? rows : [none]));
}

function show(list, runs) {
  const state = JSON.stringify([list, runs]);
  // What has not changed is left as it is, with the focus in it.
  if (state === shown) return;
  shown = state;
  showList(list);
  find("selected").hidden = runs.length === 0;
  if (runs.length === 0) return;
  for (const part of [showLegend, showLink, showSaid, showCurves, showDiagnosis, showOptions]) part(runs);
}

async function refresh() {
  try {
    const [list, { jobs }] = await Promise.all([get("/api/v1/runs"), get("/api/v1/jobs")]);
    const chosen = selected();
    // A training that waits or has failed early has no run folder.
    const known = chosen.filter((id) => list.runs.some((run) => run.id === id));
    const details = await Promise.all(known.map((id) => get(`/api/v1/runs/${runPath(id)}`)));
    show(list, details.map(({ pace, ...rest }) => rest));
    showPace(chosen.length === 1 ? details[0] : null);
    await showJob(chosen.length === 1 ? chosen[0] : null, list.runs, jobs, refresh, failed);
    succeeded();
  } catch (error) {
    failed(error);
  }
}

await startPage(() => {
  shown = "";
  refresh();
});
addEventListener("hashchange", refresh);
setInterval(() => { if (!document.hidden) refresh(); }, SECONDS * 1000);
await refresh();
