// What every page does: say its words, and say what went wrong.

import { startWords, t } from "./words.js";

const problem = document.getElementById("problem");

/** Shows the sentence of an error above the page. */
export function failed(error) {
  problem.hidden = false;
  problem.lastElementChild.textContent = t("frame.problem", { sentence: error.message });
}

export function succeeded() { problem.hidden = true; }

/** Writes the page in the reader's language; `redraw` is called when another one is chosen. */
export async function startPage(redraw = () => {}) {
  await startWords(redraw);
  // Narrow pages have the navigation in a row that scrolls.
  document.querySelector(".nav [aria-current]")?.scrollIntoView({ block: "nearest", inline: "center" });
}
