// The first page: what is at work, what came of the newest trainings, and what to do next.

import { firstPage, isPending, page } from "/data/parts.js";
import { get } from "/frame/ask.js";
import { find, html, link } from "/frame/drawing.js";
import { failed, startPage, succeeded } from "/frame/frame.js";
import { headline, progress } from "/frame/figures.js";
import { isOpen, jobLine } from "/frame/jobs.js";
import { t } from "/frame/words.js";

const SECONDS = 3, NEWEST = 5;
let shown = "";

function row(run) {
  const id = encodeURIComponent(run.id);
  const next = html("td", "right");
  if (run.canTry) next.append(link(t("home.tryIt"), `/try?run=${id}`, "btn sm"));
  const name = html("td", "", link(run.id, `/runs#${id}`, "strong"));
  const cells = [name, html("td", "num nowrap", progress(run.progress)), html("td", "num", headline(run.best)), next];
  const made = html("tr", "");
  made.append(...cells);
  return made;
}

async function refresh() {
  try {
    const [{ runs }, { jobs }] = await Promise.all([get("/api/v1/runs"), get("/api/v1/jobs")]);
    const open = jobs.filter(isOpen).reverse();
    const broken = jobs.filter((job) => ["failed", "interrupted"].includes(job.state));
    const state = JSON.stringify([runs, open, broken, document.documentElement.lang]);
    succeeded();
    // What has not changed is left as it is, with the focus in it.
    if (state === shown) return;
    shown = state;
    find("work").hidden = open.length + broken.length === 0;
    find("working").hidden = open.length === 0;
    find("working").textContent = t("home.working", { count: open.length });
    find("jobs").replaceChildren(...[...open, ...broken].map((job) => jobLine(job, refresh, failed)));
    find("first").hidden = runs.length > 0 || open.length > 0;
    find("newest").hidden = runs.length === 0;
    find("rows").replaceChildren(...runs.slice(0, NEWEST).map(row));
  } catch (error) {
    failed(error);
  }
}

/** Once, as large data sets take a while to be read. */
async function showSets() {
  try {
    const { sets } = await get("/api/v1/data");
    find("sets").textContent = t("home.sets", { count: sets.length });
    showFirst(sets);
  } catch (error) {
    failed(error);
  }
}

/** What to begin with: images that lie here already, or the digits. */
function showFirst(sets) {
  const loose = sets.find((set) => isPending(set, sets));
  const started = sets.find((set) => ["yolo", "classes"].includes(set.kind) && set.images > 0);
  const own = find("own");
  if (started) {
    const isLabeled = started.labeled === started.images;
    find("first-lead").textContent = t("data.labeled", started);
    own.textContent = `${t(isLabeled ? "frame.train" : "set.label")}: ${started.name}`;
    own.href = isLabeled ? page(started.name) : firstPage(started.name);
  } else if (loose) {
    find("first-lead").textContent = t("home.loose", { images: loose.images, path: loose.path });
    own.textContent = t("data.make");
    own.href = `/data?make=${encodeURIComponent(loose.name)}`;
  }
  const isOwn = Boolean(started || loose);
  own.classList.toggle("primary", isOwn);
  find("digits").classList.toggle("primary", !isOwn);
}

await startPage(() => {
  refresh();
  showSets();
});
await refresh();
showSets();
setInterval(() => { if (!document.hidden) refresh(); }, SECONDS * 1000);
