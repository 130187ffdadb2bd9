// Puts text on the clipboard, and says so.

import { html } from "./drawing.js";
import { t } from "./words.js";

const MILLISECONDS = 2000;

/** Browsers offer the clipboard to pages of this machine and of HTTPS; elsewhere text can only be selected and copied. */
async function copy(text) {
  if (navigator.clipboard) return navigator.clipboard.writeText(text);
  const area = html("textarea", "sr", text);
  document.body.append(area);
  area.select();
  document.execCommand("copy");
  area.remove();
}

/** Makes of a button one that copies what `text` gives. */
export function copies(button, text) {
  button.addEventListener("click", async () => {
    await copy(text());
    const words = button.textContent;
    button.textContent = t("frame.copied");
    setTimeout(() => { button.textContent = words; }, MILLISECONDS);
  });
  return button;
}

/** A new button that copies. */
export function copyButton(words, text) {
  const button = html("button", "btn sm", words);
  button.type = "button";
  return copies(button, text);
}
