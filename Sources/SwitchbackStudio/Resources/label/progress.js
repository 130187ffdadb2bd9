// How many images are labelled, and when those are so many that a first model can learn from them.

const ENOUGH = 20;

export class Progress {
  /** `data` is what is known of the data set when the page is opened. */
  constructor(data) {
    this.total = data.parts.reduce((sum, part) => sum + part.images, 0);
    this.count = data.parts.reduce((sum, part) => sum + part.images - part.unlabeled - part.faulty, 0);
    this.seen = new Set();
  }

  get isEnough() { return this.count >= ENOUGH; }

  /** Counts an image that was labelled here; true when those are enough for the first time. */
  add(id) {
    if (this.seen.has(id)) return false;
    this.seen.add(id);
    this.count++;
    return this.count === ENOUGH;
  }
}
