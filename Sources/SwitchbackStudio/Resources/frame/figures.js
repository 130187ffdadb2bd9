// How the figures of a run are written.

import { number, t } from "./words.js";

/** What a run is judged by: not the parts of the loss, nor precision and recall beside mAP. */
export function headline(best) {
  const all = Object.entries(best);
  const chief = all.filter(([name]) => !/(_loss|^precision.*|^recall.*)$/.test(name));
  return (chief.length ? chief : all).map(([name, value]) => `${name} ${number(value)}`).join(", ");
}

/** How far a run is, as in `11/30 epochs`; `11 epochs` while nobody knows how many fit into the time. */
export function progress(text) {
  const [, at, unit] = /^(\S+) (epochs|steps)$/.exec(text) ?? [];
  return unit ? t(`runs.progress.${unit}`, { at: at.replace("/?", "") }) : text;
}
