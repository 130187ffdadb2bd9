// The page's words in the reader's language, and numbers as that language writes them.

const languages = { en: "English", zh: "中文", tr: "Türkçe", fr: "Français" };
const storageKey = "switchback.language";

let language = "en";
let table = {};

/** The language asked for in the address, chosen before, or preferred by the browser. */
function preferred() {
  const asked = new URLSearchParams(location.search).get("lang");
  const wanted = [asked, localStorage.getItem(storageKey), ...navigator.languages];
  const known = wanted.map((tag) => tag?.slice(0, 2).toLowerCase()).find((tag) => Object.hasOwn(languages, tag));
  return known ?? "en";
}

/**
 * A sentence, in which each {name} is replaced by its value, which is written as the language does where it is a number, and
 * each {name:image|images} by the word that goes with the number: the first with one, the second with others.
 */
export function t(key, values = {}) {
  return (table[key] ?? key).replace(/\{(\w+)(?::([^}|]*)\|([^}]*))?\}/g, (_, name, one, others) => {
    const value = values[name] ?? "";
    if (others !== undefined) return new Intl.PluralRules(language).select(value) === "one" ? one : others;
    return typeof value === "number" ? whole(value) : value;
  });
}

/** A number with at most so many digits that mean something; "–" for none. */
export function number(value, digits = 4) {
  if (value === null || value === undefined) return "–";
  const size = Math.abs(value);
  if (size !== 0 && (size < 0.001 || size >= 1e6)) {
    const [mantissa, exponent] = value.toExponential(1).split("e");
    const format = new Intl.NumberFormat(language, { maximumFractionDigits: 1 });
    return `${format.format(Number(mantissa))} · 10${superscript(Number(exponent))}`;
  }
  const format = new Intl.NumberFormat(language, { maximumSignificantDigits: digits, signDisplay: "negative" });
  return format.format(value).replace("-", "−");
}

/** A whole number with all its digits. */
export function whole(value) {
  return new Intl.NumberFormat(language, { maximumFractionDigits: 0 }).format(value);
}

export function percent(share) {
  return new Intl.NumberFormat(language, { style: "percent", maximumFractionDigits: 0 }).format(share);
}

/** A time in its two largest units: `7 min 5 s`. */
export function duration(seconds) {
  const whole = Math.round(seconds);
  const parts = [[Math.floor(whole / 3600), "hour"], [Math.floor(whole / 60) % 60, "minute"], [whole % 60, "second"]];
  const first = parts.findIndex(([count]) => count > 0);
  const shown = first < 0 ? parts.slice(2) : parts.slice(first, first + 2).filter(([count]) => count > 0);
  return shown.map(([count, unit]) => new Intl.NumberFormat(language, { style: "unit", unit }).format(count)).join(" ");
}

/** A moment, given in seconds since 1970. */
export function moment(seconds) {
  return new Date(seconds * 1000).toLocaleString(language, { dateStyle: "medium", timeStyle: "short" });
}

function superscript(exponent) {
  return [...String(exponent)].map((digit) => (digit === "-" ? "⁻" : "⁰¹²³⁴⁵⁶⁷⁸⁹"[digit])).join("");
}

/** Writes the words of elements that name their keys: as their text, their label, or what an empty field shows. */
export function write(root) {
  const each = (name, change) => root.querySelectorAll(`[data-${name}]`).forEach(change);
  each("t", (element) => { element.textContent = t(element.dataset.t); });
  each("t-label", (element) => {
    element.setAttribute("aria-label", t(element.dataset.tLabel));
    // Those who see a button that is only a sign are told what it does.
    if (element.localName === "button") element.title = t(element.dataset.tLabel);
  });
  each("t-placeholder", (element) => { element.placeholder = t(element.dataset.tPlaceholder); });
}

async function load(tag) {
  const answer = await fetch(`/words/${tag}.json`);
  table = await answer.json();
  language = tag;
  document.documentElement.lang = tag;
  write(document);
  document.title = `${t(`${document.body.dataset.page}.title`)} · Switchback`;
}

/** Writes the page in the preferred language, and calls `redraw` when another is chosen. */
export async function startWords(redraw) {
  await load(preferred());
  const choice = document.getElementById("language");
  for (const [tag, name] of Object.entries(languages)) choice.add(new Option(name, tag, false, tag === language));
  for (const option of choice.options) option.lang = option.value;
  choice.addEventListener("change", async () => {
    localStorage.setItem(storageKey, choice.value);
    await load(choice.value);
    redraw();
  });
}
