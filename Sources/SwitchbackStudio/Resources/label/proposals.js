// What the newest model of one's own finds in the image, until it is accepted or rejected.

import { api, say } from "/data/parts.js";
import { get } from "/frame/ask.js";
import { fillTrack, find } from "/frame/drawing.js";
import { failed } from "/frame/frame.js";
import { percent, t } from "/frame/words.js";
import { overlap } from "./shapes.js";

const key = "switchback.proposals";
// What is labelled already is proposed no more.
const SAME = 0.5;

export class Proposals {
  constructor(changed) {
    Object.assign(this, { changed, list: [], run: null, isOn: sessionStorage.getItem(key) === "1" });
    const slider = find("least");
    const show = () => {
      find("least-value").textContent = percent(slider.value);
      fillTrack(slider);
    };
    slider.addEventListener("input", () => { show(); changed(); });
    show();
  }

  visible(objects) {
    const labeled = [...objects.values()].filter((value) => !value.unread);
    return this.list.filter(({ value, confidence }) => confidence >= Number(find("least").value)
      && !labeled.some((other) => other.class === value.class && overlap(other, value) > SAME));
  }

  drop(gone) { this.list = this.list.filter((proposal) => !gone.includes(proposal)); }

  /** Proposes for this image and those that follow, or for none. */
  async toggle(image) {
    this.isOn = !this.isOn;
    sessionStorage.setItem(key, this.isOn ? "1" : "0");
    await this.open(image, true);
  }

  async open(image, isAsked = false) {
    this.list = [];
    this.id = image.id;
    find("propose").setAttribute("aria-pressed", this.isOn);
    find("confidence").hidden = !this.isOn;
    this.changed();
    if (!this.isOn) return;
    try {
      const found = await get(`${api()}/images/${image.id}/proposals`);
      if (this.id !== image.id) return;
      this.run = found.run ?? null;
      find("run").textContent = this.run ?? "";
      this.list = found.boxes.map(({ class: index, box, outline, keypoints, confidence }) =>
        ({ value: { class: index, ...(outline ? { outline } : { box }), ...(keypoints ? { keypoints } : {}) }, confidence }));
      if (isAsked && !this.run) say(t("label.norun"));
      else if (isAsked && !this.list.length) say(t("label.noproposal"));
      if (found.unknown.length) say(t("label.unknown", { names: found.unknown.join(", ") }));
    } catch (error) {
      failed(error);
    }
    this.changed();
  }
}
