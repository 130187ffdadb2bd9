// How the figures of a run are written.

/** A number with as many digits as a label needs. */
export function brief(value) {
  if (value === null || value === undefined) return "–";
  return Math.abs(value) >= 1e5 ? value.toExponential(2) : String(Number(value.toPrecision(4)));
}

/** What a run is judged by: not the parts of the loss, nor precision and recall beside mAP. */
export function headline(best) {
  const all = Object.entries(best);
  const chief = all.filter(([name]) => !/(_loss|^precision.*|^recall.*)$/.test(name));
  return (chief.length ? chief : all).map(([name, value]) => `${name} ${brief(value)}`).join(", ");
}
