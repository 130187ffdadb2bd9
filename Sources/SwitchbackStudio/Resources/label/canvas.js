// The canvas: the image, its objects, and what is being drawn.

import { classColor, classDash } from "/data/parts.js";
import { clamp, HIDDEN, pointsOf, UNKNOWN } from "./keypoints.js";
import { percent } from "/frame/words.js";
import { bounds, corners, grips } from "./shapes.js";

const MARGIN = 24;
// Narrower objects have their names in the list alone, in pixels of the screen.
const LEAST_NAMED = 48;

export class Canvas {
  /** `words` names a class by its number; `viewed` is called when what is seen has changed. */
  constructor(element, words, viewed) {
    Object.assign(this, { element, words, viewed, bitmap: null, width: 1, height: 1 });
    this.scale = 1;
    [this.x, this.y] = [0, 0];
    this.isFitted = true;
    // `candidate` is an outline that is not accepted yet.
    // `layout` has the keypoints of objects, `point` which one is chosen of the selected object, `hint` the name of the one
    // that a click sets.
    this.scene = {
      objects: new Map(), proposals: [], selected: null, candidate: null, hidden: false, draft: null, pointer: null, layout: null, point: null,
      hint: "",
    };
    new ResizeObserver(() => { if (this.isFitted) this.fit(); else this.draw(); }).observe(element);
  }

  /** Another image, of its size in pixels. */
  show(bitmap, { width, height }) {
    Object.assign(this, { bitmap, width: Math.max(1, width), height: Math.max(1, height) });
    this.fit();
  }

  // ---- where things are

  fit() {
    const [width, height] = [this.element.clientWidth, this.element.clientHeight];
    const margin = width < 600 ? 8 : MARGIN;
    this.scale = Math.max(0.01, Math.min((width - 2 * margin) / this.width, (height - 2 * margin) / this.height));
    this.x = (width - this.width * this.scale) / 2;
    this.y = (height - this.height * this.scale) / 2;
    this.isFitted = true;
    this.draw();
  }

  fitTo([x1, y1, x2, y2]) {
    const [width, height] = [this.element.clientWidth, this.element.clientHeight];
    this.scale = Math.min(16, 0.6 * Math.min(width / ((x2 - x1) * this.width), height / ((y2 - y1) * this.height)));
    this.x = width / 2 - (x1 + x2) / 2 * this.width * this.scale;
    this.y = height / 2 - (y1 + y2) / 2 * this.height * this.scale;
    this.isFitted = false;
    this.draw();
  }

  zoom(factor, [x, y] = [this.element.clientWidth / 2, this.element.clientHeight / 2]) {
    const scale = Math.min(32, Math.max(0.02, this.scale * factor));
    this.x = x - (x - this.x) * scale / this.scale;
    this.y = y - (y - this.y) * scale / this.scale;
    this.scale = scale;
    this.isFitted = false;
    this.draw();
  }

  move(dx, dy) {
    this.x += dx;
    this.y += dy;
    this.isFitted = false;
    this.draw();
  }

  toScreen([x, y]) { return [this.x + x * this.width * this.scale, this.y + y * this.height * this.scale]; }

  toImage([x, y]) {
    return [clamp((x - this.x) / (this.width * this.scale)), clamp((y - this.y) / (this.height * this.scale))];
  }

  /** The part of the image that is seen: x1, y1, x2 and y2; all of it where it was moved out of sight. */
  get visible() {
    const [[x1, y1], [x2, y2]] = [[0, 0], [this.element.clientWidth, this.element.clientHeight]].map((place) => this.toImage(place));
    return x2 > x1 && y2 > y1 ? [x1, y1, x2, y2] : [0, 0, 1, 1];
  }

  // ---- drawing

  draw() {
    if (this.isWaiting) return;
    this.isWaiting = true;
    requestAnimationFrame(() => { this.isWaiting = false; this.paint(); });
  }

  paint() {
    const { element } = this;
    const ratio = devicePixelRatio || 1;
    const [width, height] = [element.clientWidth, element.clientHeight];
    if (element.width !== Math.round(width * ratio)) element.width = Math.round(width * ratio);
    if (element.height !== Math.round(height * ratio)) element.height = Math.round(height * ratio);
    const brush = element.getContext("2d");
    brush.setTransform(ratio, 0, 0, ratio, 0, 0);
    brush.clearRect(0, 0, width, height);
    brush.lineJoin = "round";
    brush.imageSmoothingEnabled = this.scale < 3;
    if (this.bitmap) brush.drawImage(this.bitmap, this.x, this.y, this.width * this.scale, this.height * this.scale);
    const { objects, proposals, selected, candidate, hidden, draft } = this.scene;
    if (!hidden) {
      for (const { value, confidence } of proposals) this.paintObject(brush, value, { confidence });
      for (const [id, value] of objects) {
        if (!value.unread && id !== selected) this.paintObject(brush, value, {});
      }
      const value = objects.get(selected);
      if (value && !value.unread) this.paintObject(brush, value, { isSelected: true });
    }
    if (candidate) this.paintObject(brush, candidate, { isSelected: true, isDashed: true });
    if (draft) this.paintDraft(brush, draft);
    this.paintGuides(brush, width, height);
    this.paintHint(brush);
    this.viewed();
  }

  trace(brush, value) {
    const points = corners(value).map((point) => this.toScreen(point));
    brush.beginPath();
    if (value.box) {
      const [[x1, y1], [x2, y2]] = points;
      brush.rect(x1, y1, x2 - x1, y2 - y1);
    } else {
      points.forEach(([x, y], index) => (index ? brush.lineTo(x, y) : brush.moveTo(x, y)));
      brush.closePath();
    }
  }

  /** A line in the color of the class on a white one, so that it shows on dark and light alike. */
  paintObject(brush, value, { isSelected = false, isDashed = false, confidence = null }) {
    const color = classColor(value.class);
    const isProposal = confidence !== null;
    this.trace(brush, value);
    brush.fillStyle = `${color}${isProposal ? "14" : isSelected ? "40" : "22"}`;
    brush.fill();
    brush.setLineDash([]);
    brush.lineWidth = isSelected ? 4.5 : 3.5;
    brush.strokeStyle = "rgba(255, 255, 255, .85)";
    brush.stroke();
    brush.setLineDash(isProposal || isDashed ? [6, 4] : classDash(value.class) ? [4, 2] : []);
    brush.lineWidth = isSelected ? 2.5 : 1.75;
    brush.strokeStyle = color;
    brush.stroke();
    brush.setLineDash([]);
    const [left, top, right, bottom] = bounds(corners(value).map((point) => this.toScreen(point)));
    // Names of many small objects would hide them.
    if (isSelected || right - left >= LEAST_NAMED) this.paintName(brush, value, color, confidence);
    if (this.scene.layout && value.keypoints) this.paintPoints(brush, value, color, isSelected);
    if (!isSelected || this.scene.placesPoints) return;
    const radius = Math.min(4, Math.max(2, Math.max(right - left, bottom - top) / 20));
    for (const { at } of grips(value)) {
      const [x, y] = this.toScreen(at);
      brush.beginPath();
      if (value.box) brush.roundRect(x - 4, y - 4, 8, 8, 2); else brush.arc(x, y, radius, 0, 7);
      brush.fillStyle = "#fff";
      brush.fill();
      brush.lineWidth = 1.5;
      brush.stroke();
    }
  }

  /** The skeleton and the keypoints: seen ones filled, hidden ones hollow. */
  paintPoints(brush, value, color, isSelected) {
    const { layout, point } = this.scene;
    const points = pointsOf(value, layout).map(([x, y, visibility]) => ({ at: this.toScreen([x, y]), visibility }));
    for (const [width, style] of [[4, "rgba(255, 255, 255, .85)"], [2, color]]) {
      brush.lineWidth = width;
      brush.strokeStyle = style;
      brush.beginPath();
      for (const [from, to] of layout.limbs) {
        if (points[from].visibility === UNKNOWN || points[to].visibility === UNKNOWN) continue;
        brush.moveTo(...points[from].at);
        brush.lineTo(...points[to].at);
      }
      brush.stroke();
    }
    points.forEach(({ at: [x, y], visibility }, index) => {
      if (visibility === UNKNOWN) return;
      const isChosen = isSelected && index === point;
      brush.beginPath();
      brush.arc(x, y, isChosen ? 7 : isSelected ? 5 : 4, 0, 7);
      brush.fillStyle = visibility === HIDDEN ? "#fff" : color;
      brush.fill();
      brush.lineWidth = isChosen ? 3 : 2;
      brush.strokeStyle = visibility === HIDDEN ? color : "#fff";
      brush.stroke();
      if (isChosen) this.paintWords(brush, layout.names[index], [x + 10, y - 9], color);
    });
  }

  paintWords(brush, words, [x, y], color, ink = "#fff") {
    brush.font = `600 11px ${getComputedStyle(document.body).fontFamily}`;
    brush.beginPath();
    brush.roundRect(x, y, brush.measureText(words).width + 12, 18, 4);
    brush.fillStyle = color;
    brush.fill();
    brush.fillStyle = ink;
    brush.fillText(words, x + 6, y + 13);
  }

  /** Beside the pointer stands which keypoint a click sets. */
  paintHint(brush) {
    const { pointer, hint } = this.scene;
    if (pointer && hint) this.paintWords(brush, hint, [pointer[0] + 12, pointer[1] + 12], "#1a1916");
  }

  paintName(brush, value, color, confidence) {
    const [left, top] = bounds(corners(value));
    const [x, y] = this.toScreen([left, top]);
    const words = this.words(value.class) + (confidence === null ? "" : ` ${percent(confidence)}`);
    const at = [Math.max(this.x, x) - 0.5, Math.max(this.y, y - 19)];
    if (confidence === null) this.paintWords(brush, words, at, color); else this.paintWords(brush, words, at, "#fff", color);
  }

  paintDraft(brush, draft) {
    brush.lineWidth = 1.75;
    brush.strokeStyle = classColor(draft.class);
    brush.fillStyle = `${classColor(draft.class)}22`;
    if (draft.box) {
      this.trace(brush, draft);
      brush.fill();
      brush.stroke();
      return;
    }
    const points = draft.points.map((point) => this.toScreen(point));
    brush.beginPath();
    points.concat(this.scene.pointer ? [this.scene.pointer] : [])
      .forEach(([x, y], index) => (index ? brush.lineTo(x, y) : brush.moveTo(x, y)));
    brush.stroke();
    for (const [x, y] of points) {
      brush.beginPath();
      brush.arc(x, y, 4, 0, 7);
      brush.fillStyle = "#fff";
      brush.fill();
      brush.stroke();
    }
  }

  paintGuides(brush, width, height) {
    const { pointer, hasGuides } = this.scene;
    if (!pointer || !hasGuides) return;
    const [x, y] = [Math.round(pointer[0]) + 0.5, Math.round(pointer[1]) + 0.5];
    brush.lineWidth = 1;
    for (const [color, offset] of [["rgba(255, 255, 255, .9)", 0], ["rgba(20, 20, 22, .6)", 3.5]]) {
      brush.setLineDash([3, 4]);
      brush.lineDashOffset = offset;
      brush.strokeStyle = color;
      brush.beginPath();
      brush.moveTo(x, 0);
      brush.lineTo(x, height);
      brush.moveTo(0, y);
      brush.lineTo(width, y);
      brush.stroke();
    }
    brush.setLineDash([]);
    brush.lineDashOffset = 0;
  }
}
