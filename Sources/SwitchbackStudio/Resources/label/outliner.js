// The outline of what is where one clicks, or in a box that one draws: the studio finds it, and it can be changed until it is
// accepted.

import { api, say } from "/data/parts.js";
import { ask } from "/frame/ask.js";
import { find } from "/frame/drawing.js";
import { failed } from "/frame/frame.js";
import { t } from "/frame/words.js";

export class Outliner {
  /** `changed` is called when there is another outline, or none any more. */
  constructor(canvas, changed) {
    Object.assign(this, { canvas, changed, value: null, choices: [], at: 0, request: 0 });
  }

  /** Asks for the outline at a place, `{ at }` or `{ box }` in fractions of the image. */
  async look(image, place, classIndex) {
    const own = ++this.request;
    this.show(null);
    this.canvas.element.classList.add("busy");
    try {
      // What is shown is what is meant: the nearer one looks, the finer it is.
      const { outlines, best } = await ask(`${api()}/images/${image.id}/outlines`, { ...place, within: this.canvas.visible });
      if (own !== this.request) return;
      [this.choices, this.at] = [outlines, best];
      if (outlines.length) this.show({ class: classIndex, outline: outlines[best] });
      else say(t("label.find.none"));
    } catch (error) {
      if (own === this.request) failed(error);
    }
    if (own === this.request) this.canvas.element.classList.remove("busy");
  }

  /** Offers an outline that a model proposes. */
  offer(value) {
    this.request++;
    [this.choices, this.at] = [[value.outline], 0];
    this.show(value);
  }

  /** Changes the outline that is offered, also for who takes a larger one and comes back. */
  change(value) {
    this.choices = this.choices.with(this.at, value.outline);
    this.show(value);
  }

  show(value) {
    this.value = value;
    find("found").hidden = !value;
    find("found-smaller").disabled = this.at === 0;
    find("found-larger").disabled = this.at >= this.choices.length - 1;
    this.changed();
  }

  /** Takes the next larger outline, or the next smaller one; false where there is no outline. */
  step(by) {
    if (!this.value) return false;
    const at = this.at + by;
    if (!this.choices[at]) return true;
    this.at = at;
    this.show({ ...this.value, outline: this.choices[at] });
    return true;
  }

  /** Makes it one of another class; false where there is none. */
  setClass(index) {
    if (!this.value) return false;
    this.show({ ...this.value, class: index });
    return true;
  }

  /** Takes it away, and answers with it. */
  take() {
    const { value } = this;
    this.request++;
    this.canvas.element.classList.remove("busy");
    if (value) this.show(null);
    return value;
  }
}
