// What pages draw with: elements of the page, of HTML and SVG, scales and steps that play.

const namespace = "http://www.w3.org/2000/svg";

/** The element of the page that has an id. */
export const find = (id) => document.getElementById(id);

/** An element of SVG with attributes and children; text becomes a text node. */
export function svg(name, attributes = {}, ...children) {
  const element = document.createElementNS(namespace, name);
  for (const [key, value] of Object.entries(attributes)) element.setAttribute(key, value);
  element.append(...children);
  return element;
}

/** An element of HTML with a class and children. */
export function html(name, className, ...children) {
  const element = document.createElement(name);
  if (className) element.className = className;
  element.append(...children);
  return element;
}

export function link(text, address, className = "") {
  const made = html("a", className, text);
  made.href = address;
  return made;
}

/** The function that maps `from` to `to` along a line. */
export function scale([fromLow, fromHigh], [toLow, toHigh]) {
  const factor = (toHigh - toLow) / (fromHigh - fromLow);
  return (value) => toLow + (value - fromLow) * factor;
}

/** The path through points that are at places of the drawing. */
export function path(points) {
  return points.map(([x, y], index) => `${index ? "L" : "M"}${x.toFixed(1)} ${y.toFixed(1)}`).join("");
}

/** Shows how far a slider is, which its track draws. */
export function fillTrack(slider) {
  const share = (slider.value - slider.min) / (slider.max - slider.min);
  slider.style.setProperty("--at", `${100 * share}%`);
}

/** Calls `step` again and again while it answers true; a second call of the function that it returns stops it. */
export function player(button, words, milliseconds, step) {
  let timer = null;
  function stop() {
    clearInterval(timer);
    timer = null;
    button.textContent = words().play;
  }
  function toggle() {
    if (timer !== null) return stop();
    button.textContent = words().pause;
    timer = setInterval(() => { if (!step()) stop(); }, milliseconds);
    if (!step()) stop();
  }
  return { toggle, stop };
}
