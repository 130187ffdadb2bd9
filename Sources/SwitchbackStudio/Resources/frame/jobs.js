// What the studio has started, as a line with its state and what can be done about it.

import { ask } from "./ask.js";
import { html, link } from "./drawing.js";
import { t } from "./words.js";

const KINDS = { running: "run", stopping: "run", done: "ok", failed: "bad", interrupted: "warn" };

/** Whether a job waits or is at work. */
export const isOpen = (job) => ["waiting", "running", "stopping"].includes(job.state);

export function stateTag(state) {
  return html("span", `tag ${KINDS[state] ?? ""}`, t(`jobs.${state}`));
}

/** A button that does something, and is dull until that is done. */
export function button(words, className, act, failed) {
  const made = html("button", `btn ${className}`, words);
  made.type = "button";
  made.addEventListener("click", async () => {
    made.disabled = true;
    try {
      await act();
    } catch (error) {
      failed(error);
    }
    made.disabled = false;
  });
  return made;
}

/** Buttons for what can be done with a job in its state. */
export function jobButtons(job, changed, failed) {
  const post = (verb) => async () => {
    await ask(`/api/v1/jobs/${job.id}/${verb}`);
    await changed();
  };
  if (job.state === "running") return [button(t("jobs.stop"), "sm", post("stop"), failed)];
  // A training that has come to its end is a run; an endpoint is nothing any more.
  const isPast = job.kind === "endpoint" && ["done", "stopped"].includes(job.state);
  const canGo = isPast || ["waiting", "failed", "interrupted"].includes(job.state);
  return canGo ? [button(t("jobs.remove"), "sm", post("remove"), failed)] : [];
}

export function jobLine(job, changed, failed) {
  const name = link(job.run, job.kind === "training" ? `/runs#${encodeURIComponent(job.run)}` : "/deploy", "strong");
  const kind = html("span", "muted", t(`jobs.kind.${job.kind}`));
  const state = html("span", "row", name, kind, stateTag(job.state));
  const line = html("li", "job", state, html("span", "row", ...jobButtons(job, changed, failed)));
  if (job.complaint) {
    line.append(html("p", "bad", job.complaint));
    line.lastElementChild.lang = "en";
  }
  return line;
}
