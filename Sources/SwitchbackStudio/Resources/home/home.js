// The first page: what is at work, what came of the newest trainings, and what to do next.

import { get } from "/frame/ask.js";
import { html } from "/frame/drawing.js";
import { failed, startPage, succeeded } from "/frame/frame.js";
import { headline } from "/frame/figures.js";
import { t } from "/frame/words.js";

const SECONDS = 3, NEWEST = 5;
const find = (id) => document.getElementById(id);

function link(text, address, className = "") {
  const made = html("a", className, text);
  made.href = address;
  return made;
}

function row(run) {
  const id = encodeURIComponent(run.id);
  const next = html("td", "right");
  if (run.hasWeights) next.append(link(t("home.tryIt"), `/try?run=${id}`, "btn sm"));
  const name = html("td", "", link(run.id, `/runs#${id}`, "strong"));
  const cells = [name, html("td", "num nowrap", run.progress), html("td", "num", headline(run.best)), next];
  const made = html("tr", "");
  made.append(...cells);
  return made;
}

async function refresh() {
  try {
    const { runs } = await get("/api/v1/runs");
    find("first").hidden = runs.length > 0;
    find("newest").hidden = runs.length === 0;
    find("rows").replaceChildren(...runs.slice(0, NEWEST).map(row));
    succeeded();
  } catch (error) {
    failed(error);
  }
}

await startPage(refresh);
await refresh();
setInterval(() => { if (!document.hidden) refresh(); }, SECONDS * 1000);
