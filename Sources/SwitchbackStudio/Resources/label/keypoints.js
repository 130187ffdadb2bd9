// Keypoints of objects, of which `keypoints` of a value has the numbers as label files do: x and y of each, and where the
// layout of the data set has three dimensions, its visibility.

export const [UNKNOWN, HIDDEN, SEEN] = [0, 1, 2];

/** The keypoints of a value: `[x, y, visibility]` for each. */
export function pointsOf(value, { names, dimensions }) {
  return names.map((_, index) => {
    const [x = -1, y = -1, seen = UNKNOWN] = (value.keypoints ?? []).slice(index * dimensions, (index + 1) * dimensions);
    return [x, y, dimensions === 3 ? seen : x >= 0 && y >= 0 ? SEEN : UNKNOWN];
  });
}

/** A fraction of the image's side that stays in the image. */
export const clamp = (number) => Math.min(1, Math.max(0, number));

/** The value with other keypoints. */
export function withPoints(value, { dimensions }, points) {
  const numbers = points.flatMap(([x, y, visibility]) => {
    if (visibility === UNKNOWN) return dimensions === 3 ? [0, 0, 0] : [-1, -1];
    return [clamp(x), clamp(y), visibility].slice(0, dimensions);
  });
  return { ...value, keypoints: numbers };
}

/** The value with one keypoint elsewhere, or seen otherwise. */
export const withPoint = (value, layout, index, point) =>
  withPoints(value, layout, pointsOf(value, layout).with(index, point));

/** An object of a data set with keypoints, of which none is marked unless the value has some. */
export const withOwnPoints = (value, layout) =>
  value.keypoints ? value : withPoints(value, layout, layout.names.map(() => [0, 0, UNKNOWN]));

/** The first keypoint from a place on that is not marked, begun anew at the end; null if all are. */
export function nextUnknown(value, layout, from = 0) {
  const points = pointsOf(value, layout);
  for (let step = 0; step < points.length; step++) {
    const index = (from + step) % points.length;
    if (points[index][2] === UNKNOWN) return index;
  }
  return null;
}

/** What a keypoint becomes when it is toggled: seen, hidden, not marked. One that is not marked appears at a place. */
export function toggled([x, y, visibility], { dimensions }, place) {
  if (visibility === UNKNOWN) return [...place, SEEN];
  return [x, y, visibility === SEEN && dimensions === 3 ? HIDDEN : UNKNOWN];
}
