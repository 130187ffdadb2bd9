// Objects as shapes: corners, where they are hit, moved and changed. In fractions of the image's sides.

import { clamp, pointsOf, withPoints } from "./keypoints.js";

/** The corners of a value: of a box top left and bottom right, of an outline all. */
export function corners(value) {
  if (value.box) {
    const [x, y, width, height] = value.box;
    return [[x - width / 2, y - height / 2], [x + width / 2, y + height / 2]];
  }
  const points = [];
  for (let i = 0; i < (value.outline?.length ?? 0); i += 2) points.push([value.outline[i], value.outline[i + 1]]);
  return points;
}

/** The value with other corners; keypoints stay where they are. */
export function withCorners(value, points) {
  if (value.box) {
    const [x1, y1, x2, y2] = bounds(points).map(clamp);
    return { ...value, box: [(x1 + x2) / 2, (y1 + y2) / 2, x2 - x1, y2 - y1] };
  }
  return { class: value.class, outline: points.flatMap(([x, y]) => [clamp(x), clamp(y)]) };
}

export function bounds(points) {
  const [xs, ys] = [points.map(([x]) => x), points.map(([, y]) => y)];
  return [Math.min(...xs), Math.min(...ys), Math.max(...xs), Math.max(...ys)];
}

export function area(value) {
  const [x1, y1, x2, y2] = bounds(corners(value));
  return (x2 - x1) * (y2 - y1);
}

export function holds(value, [x, y]) {
  const points = corners(value);
  const [x1, y1, x2, y2] = bounds(points);
  if (x < x1 || x > x2 || y < y1 || y > y2) return false;
  if (value.box) return true;
  let isInside = false;
  points.forEach(([ax, ay], index) => {
    const [bx, by] = points.at(index - 1);
    if ((ay > y) !== (by > y) && x < (bx - ax) * (y - ay) / (by - ay) + ax) isInside = !isInside;
  });
  return isInside;
}

/** The value moved, as far as it stays in the image; with its keypoints, where objects have some. */
export function moved(value, dx, dy, layout) {
  const points = corners(value);
  const [x1, y1, x2, y2] = bounds(points);
  const [sx, sy] = [Math.min(1 - x2, Math.max(-x1, dx)), Math.min(1 - y2, Math.max(-y1, dy))];
  const there = withCorners(value, points.map(([x, y]) => [x + sx, y + sy]));
  if (!layout) return there;
  return withPoints(there, layout, pointsOf(value, layout).map(([x, y, visibility]) => [x + sx, y + sy, visibility]));
}

/** Where a selected object can be gripped: of a box four corners and four sides, of an outline its corners. */
export function grips(value) {
  const points = corners(value);
  if (!value.box) return points.map((at, index) => ({ at, index }));
  const [[x1, y1], [x2, y2]] = points;
  const [mx, my] = [(x1 + x2) / 2, (y1 + y2) / 2];
  return [[x1, y1], [x2, y1], [x2, y2], [x1, y2], [mx, y1], [x2, my], [mx, y2], [x1, my]].map((at, index) => ({ at, index }));
}

/** The value with a grip at another place. */
export function gripped(value, index, [x, y]) {
  const points = corners(value).map((point) => [...point]);
  if (!value.box) {
    points[index] = [x, y];
    return withCorners(value, points);
  }
  if ([0, 3, 7].includes(index)) points[0][0] = x;
  if ([1, 2, 5].includes(index)) points[1][0] = x;
  if ([0, 1, 4].includes(index)) points[0][1] = y;
  if ([2, 3, 6].includes(index)) points[1][1] = y;
  return withCorners(value, points);
}

export function overlap(a, b) {
  const [first, second] = [bounds(corners(a)), bounds(corners(b))];
  const width = Math.min(first[2], second[2]) - Math.max(first[0], second[0]);
  const height = Math.min(first[3], second[3]) - Math.max(first[1], second[1]);
  if (width <= 0 || height <= 0) return 0;
  return width * height / (area(a) + area(b) - width * height);
}
