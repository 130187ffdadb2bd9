// The training of the selected run: its state, what it prints, and the buttons that stop and resume it.

import { ask, get, runPath } from "/frame/ask.js";
import { find, link } from "/frame/drawing.js";
import { progress } from "/frame/figures.js";
import { button, isOpen, jobButtons, stateTag } from "/frame/jobs.js";
import { duration, number, t } from "/frame/words.js";

const MOST_LINES = 5000;
let shownJob = null, shownState = "", next = 0;

/** Adds what was printed since, and follows the end unless the reader has scrolled up. */
async function follow(job) {
  const { text, next: end } = await get(`/api/v1/jobs/${job.id}/log?from=${next}`);
  if (!text) return;
  next = end;
  const console = find("console");
  const follows = console.scrollTop + console.clientHeight >= console.scrollHeight - 8;
  console.textContent = (console.textContent + text).split("\n").slice(-MOST_LINES).join("\n");
  if (follows) console.scrollTop = console.scrollHeight;
}

function buttons(run, job, changed, failed) {
  const made = job ? jobButtons(job, changed, failed) : [];
  if (run?.canResume && !(job && isOpen(job))) {
    made.push(button(t("runs.resume"), "sm primary", async () => {
      await ask(`/api/v1/runs/${runPath(run.id)}/resume`);
      await changed();
    }, failed));
  }
  // What has come to its end is tried next.
  const isDone = job?.state === "done" && run?.canTry;
  if (run?.canTry) made.push(link(t("home.tryIt"), `/try?run=${encodeURIComponent(run.id)}`, `btn sm ${isDone ? "primary" : ""}`));
  if (run?.canServe) made.push(link(t("frame.deploy"), `/deploy?run=${encodeURIComponent(run.id)}`, "btn sm"));
  return made;
}

/** How far a training is that is at work, how long it will still take, and its memory. */
export function showPace(run) {
  const pace = run?.pace;
  find("pace").hidden = !pace;
  if (!pace) return;
  const [done, all] = run.summary.progress.split(/[/ ]/).map(Number);
  // Before the first epoch is done, it is only the time that shows that it goes on.
  const share = done > 0 && all ? done / all : (pace.secondsPassed ?? 0) / (pace.secondsAllowed ?? Infinity);
  find("pace-bar").style.width = `${100 * Math.min(1, share)}%`;
  find("pace-done").textContent = progress(run.summary.progress);
  find("pace-left").textContent = [
    pace.secondsPassed === undefined ? "" : t("runs.pace.passed", { time: duration(pace.secondsPassed) }),
    pace.secondsLeft === undefined ? t("runs.pace.unknown") : t("runs.pace.left", { time: duration(pace.secondsLeft) }),
    pace.gigabytes === undefined ? "" : t("runs.pace.memory", { value: number(pace.gigabytes, 2) }),
  ].filter(Boolean).join(" · ");
}

/** Shows the newest training of a run; nothing where none is selected, or there is nothing to say of it. */
export async function showJob(id, runs, jobs, changed, failed) {
  const run = runs.find((run) => run.id === id);
  const job = jobs.find((job) => job.kind === "training" && job.run === id);
  find("job").hidden = !id || (!job && !run);
  // The one button that stands out is the next step of the run, where one is chosen.
  find("new-run").classList.toggle("primary", find("job").hidden);
  if (find("job").hidden) { find("log").hidden = true; return; }
  const state = JSON.stringify([id, job?.id, job?.state, run?.canResume, run?.canTry, document.documentElement.lang]);
  if (state !== shownState) {
    shownState = state;
    find("job-run").textContent = id;
    find("job-state").replaceChildren(...(job ? [stateTag(job.state)] : []));
    find("job-actions").replaceChildren(...buttons(run, job, changed, failed));
    find("job-complaint").hidden = !job?.complaint;
    find("job-complaint").lastElementChild.textContent = job?.complaint ?? "";
  }
  if (job?.id !== shownJob) {
    shownJob = job?.id;
    next = 0;
    find("console").textContent = "";
  }
  find("log").hidden = !job;
  if (job) await follow(job);
}
