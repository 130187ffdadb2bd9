// The dialog for the keypoints of a data set: their names, the lines between them, and which become which in a mirror image.

import { api, offer } from "/data/parts.js";
import { ask } from "/frame/ask.js";
import { find, html, svg } from "/frame/drawing.js";
import { t } from "/frame/words.js";
import { pointsOf, UNKNOWN } from "./keypoints.js";

const WIDTH = 320, HEIGHT = 220, MARGIN = 28, MOST_NAMED = 8;

const isSame = ([a, b], [c, d]) => (a === c && b === d) || (a === d && b === c);

export class Skeleton {
  /** `example` gives an object whose keypoints show what they are, or none; `changed` is called when others are on disk. */
  constructor({ layout, example, changed }) {
    Object.assign(this, { layout, example, changed, names: [], limbs: [], pairs: [], places: [], from: null });
    find("skeleton-open").addEventListener("click", () => this.open());
    find("skeleton").querySelector("form").addEventListener("submit", (event) => {
      event.preventDefault();
      this.save();
    });
  }

  open() {
    const { names, limbs, pairs } = this.layout();
    Object.assign(this, { names: [...names], limbs: limbs.map((limb) => [...limb]), pairs: pairs.map((pair) => [...pair]), from: null });
    this.places = this.spread(this.example());
    this.complain("");
    this.drawRows();
    this.draw();
    find("skeleton").showModal();
    find("skeleton-rows").querySelector("input")?.focus();
  }

  /** Where keypoints are drawn: as they lie in an object, and below it those that it does not have; or all on a circle. */
  spread(value) {
    const points = this.names.map((_, index) => (value ? pointsOf(value, this.layout())[index] : [0, 0, UNKNOWN]));
    const known = points.filter(([, , visibility]) => visibility !== UNKNOWN);
    if (known.length < 2) {
      return this.names.map((_, index) => {
        const angle = 2 * Math.PI * index / this.names.length - Math.PI / 2;
        return [WIDTH / 2 + Math.cos(angle) * (HEIGHT / 2 - MARGIN), HEIGHT / 2 + Math.sin(angle) * (HEIGHT / 2 - MARGIN)];
      });
    }
    const missing = points.length - known.length;
    const height = missing ? HEIGHT - MARGIN : HEIGHT;
    const place = (list, value, side) => {
      const [low, high] = [Math.min(...list), Math.max(...list)];
      return high > low ? MARGIN + (value - low) / (high - low) * (side - 2 * MARGIN) : side / 2;
    };
    const [xs, ys] = [known.map(([x]) => x), known.map(([, y]) => y)];
    let next = 0;
    return points.map(([x, y, visibility]) => (visibility === UNKNOWN
      ? [WIDTH * ++next / (missing + 1), HEIGHT - MARGIN / 2] : [place(xs, x, WIDTH), place(ys, y, height)]));
  }

  /** A first click chooses a keypoint, a second one on another draws a line between the two, or takes it away. */
  choose(index) {
    if (this.from === null || this.from === index) {
      this.from = this.from === index ? null : index;
    } else {
      const limb = [Math.min(this.from, index), Math.max(this.from, index)];
      const known = this.limbs.findIndex((other) => isSame(other, limb));
      if (known < 0) this.limbs.push(limb); else this.limbs.splice(known, 1);
      this.from = null;
    }
    this.draw();
    find("skeleton-drawing").querySelectorAll("[role=button]")[index]?.focus();
  }

  draw() {
    const drawing = find("skeleton-drawing");
    drawing.setAttribute("viewBox", `0 0 ${WIDTH} ${HEIGHT}`);
    const lines = this.limbs.map(([a, b]) => {
      const [[x1, y1], [x2, y2]] = [this.places[a], this.places[b]];
      return svg("line", { x1, y1, x2, y2, class: "limb" });
    });
    const dots = this.places.map(([x, y], index) => {
      const circle = svg("circle", { cx: x, cy: y, r: 8 });
      // The names of many would hide each other.
      const words = this.names.length > MOST_NAMED ? `${index + 1}` : this.names[index];
      const text = svg("text", { x, y: y < HEIGHT - MARGIN ? y + 20 : y - 13, "text-anchor": "middle" }, words);
      const dot = svg("g", {
        class: "joint", role: "button", tabindex: 0, "aria-pressed": index === this.from,
        "aria-label": t("label.skeleton.joint", { name: this.names[index], others: this.joined(index).join(", ") || "–" }),
      }, circle, text);
      dot.addEventListener("click", () => this.choose(index));
      dot.addEventListener("keydown", (event) => {
        if (![" ", "Enter"].includes(event.key)) return;
        event.preventDefault();
        this.choose(index);
      });
      return dot;
    });
    drawing.replaceChildren(...lines, ...dots);
  }

  /** The names of the keypoints that lines lead to. */
  joined(index) {
    return this.limbs.filter((limb) => limb.includes(index)).map(([a, b]) => this.names[a === index ? b : a]);
  }

  drawRows() {
    find("skeleton-rows").replaceChildren(...this.names.map((name, index) => {
      const field = html("input", "input");
      field.value = name;
      field.required = true;
      field.maxLength = 100;
      field.setAttribute("aria-label", t("label.skeleton.name", { number: index + 1 }));
      field.addEventListener("input", () => {
        this.names[index] = field.value.trim();
        for (const option of find("skeleton-rows").querySelectorAll(`option[value="${index}"]`)) option.textContent = this.names[index];
        this.draw();
      });
      const partner = html("select", "input");
      partner.append(new Option("–", ""), ...this.names.map((other, number) => new Option(other, number)).filter((_, number) => number !== index));
      partner.setAttribute("aria-label", t("label.skeleton.mirror", { name }));
      partner.addEventListener("change", () => this.pair(index, partner.value));
      return html("li", "", html("span", "muted num", `${index + 1}`), field, partner);
    }));
    this.showPairs();
  }

  /** Each row has the partner of its keypoint. */
  showPairs() {
    find("skeleton-rows").querySelectorAll("select").forEach((partner, index) => {
      const pair = this.pairs.find((one) => one.includes(index));
      partner.value = pair ? `${pair[0] === index ? pair[1] : pair[0]}` : "";
    });
  }

  pair(index, partner) {
    const others = partner === "" ? [index] : [index, Number(partner)];
    this.pairs = this.pairs.filter((pair) => !pair.some((one) => others.includes(one)));
    if (partner !== "") this.pairs.push([Math.min(...others), Math.max(...others)]);
    this.showPairs();
  }

  complain(sentence) {
    find("skeleton-problem").hidden = !sentence;
    find("skeleton-problem").textContent = sentence;
  }

  async save() {
    const before = this.layout();
    // What data.yaml leaves to its readers stays so, unless it was changed here.
    const isOther = (key) => JSON.stringify(this[key]) !== JSON.stringify(before[key]);
    const own = (source, isKept) => ({
      pairs: source.pairs, ...(isKept("names") ? { names: source.names } : {}), ...(isKept("limbs") ? { limbs: source.limbs } : {}),
    });
    const isSaid = (key) => before.said.includes(key);
    const wish = (fields, version) => ask(`${api()}/keypoints`, { ...fields, version });
    try {
      const { version } = await wish(own(this, (key) => isSaid(key) || isOther(key)), before.version);
      find("skeleton").close();
      await this.changed();
      offer(t("label.skeleton.saved"), t("label.undo"), async () => {
        try {
          await wish(own(before, isSaid), version);
        } catch (error) {
          offer(error.message, t("label.skeleton"), () => this.open());
        }
        await this.changed();
      });
    } catch (error) {
      // Somebody else has changed them: theirs are shown when it is opened again.
      if (error.status === 409) await this.changed();
      this.complain(error.status === 409 ? t("label.skeleton.conflict") : t("frame.problem", { sentence: error.message }));
    }
  }
}
