extension DiagnosisPage {
    /// Draws the charts from the page's content, and shows what lies under the pointer.
    static let script = #"""

        "use strict";
        const data = JSON.parse(document.getElementById("content").textContent);
        const charts = document.getElementById("charts"), tip = document.getElementById("tip");
        const width = 1120, left = 210, right = 120, plotWidth = width - left - right;
        const steps = data.steps, cursors = [];
        const viridis = ["440154", "482878", "3e4a89", "31688e", "26828e", "1f9e89", "35b779", "6dcd59", "b4de2c", "fde725"]
          .map(code => [0, 2, 4].map(i => parseInt(code.slice(i, i + 2), 16)));

        function make(tag, attributes, parent, text) {
          const element = document.createElementNS("http://www.w3.org/2000/svg", tag);
          for (const [name, value] of Object.entries(attributes)) element.setAttribute(name, value);
          if (text !== undefined) element.textContent = text;
          if (parent) parent.appendChild(element);
          return element;
        }
        function brief(value) {
          if (value === null || value === undefined) return "not measured";
          if (!Number.isFinite(value)) return "not finite";
          return value === 0 || (Math.abs(value) >= 0.001 && Math.abs(value) < 1e5)
            ? String(+value.toPrecision(3)) : value.toExponential(1);
        }
        const columnWidth = plotWidth / Math.max(steps.length, 1);
        const center = column => left + (column + 0.5) * columnWidth;
        function columnOf(step) {
          let best = 0;
          steps.forEach((other, column) => { if (other <= step) best = column; });
          return best;
        }
        function color(part) {
          const place = Math.min(Math.max(part, 0), 1) * (viridis.length - 1);
          const index = Math.min(Math.floor(place), viridis.length - 2), rest = place - index;
          return "rgb(" + viridis[index].map((c, i) => Math.round(c + (viridis[index + 1][i] - c) * rest)).join() + ")";
        }
        function chart(title, height, legend) {
          const heading = document.createElement("h2");
          heading.textContent = title;
          charts.appendChild(heading);
          if (legend) {
            const line = document.createElement("p");
            line.className = "legend";
            line.textContent = legend;
            charts.appendChild(line);
          }
          const svg = make("svg", { viewBox: `0 0 ${width} ${height}`, role: "img", "aria-label": title }, charts);
          return svg;
        }
        function watch(svg, height, describe) {
          const cursor = make("line", { class: "cursor", y1: 0, y2: height, visibility: "hidden" }, svg);
          cursors.push(cursor);
          svg.addEventListener("pointermove", event => {
            const box = svg.getBoundingClientRect();
            const x = (event.clientX - box.left) * width / box.width, y = (event.clientY - box.top) * width / box.width;
            const column = Math.floor((x - left) / columnWidth);
            if (column < 0 || column >= steps.length) { hide(); return; }
            point(column);
            tip.textContent = describe(column, y);
            tip.hidden = false;
            tip.style.left = Math.min(event.clientX + 14, innerWidth - tip.offsetWidth - 8) + "px";
            tip.style.top = event.clientY + 16 + "px";
          });
          svg.addEventListener("pointerleave", hide);
        }
        function point(column) {
          for (const cursor of cursors) {
            cursor.setAttribute("x1", center(column));
            cursor.setAttribute("x2", center(column));
            cursor.setAttribute("visibility", "visible");
          }
          drawProfile(column);
        }
        function hide() {
          tip.hidden = true;
          for (const cursor of cursors) cursor.setAttribute("visibility", "hidden");
        }
        function marks(svg, height, areLabeled) {
          let row = 0, before = -Infinity;
          for (const verdict of data.verdicts) {
            if (verdict.step === null || verdict.step === undefined || verdict.severity === "fine") continue;
            const column = columnOf(verdict.step), x = left + column * columnWidth;
            make("line", { class: "under", x1: x, x2: x, y1: 0, y2: height }, svg);
            make("line", { class: "mark", x1: x, x2: x, y1: 0, y2: height }, svg);
            if (!areLabeled) continue;
            // Names of marks that are near each other stand below each other.
            row = Math.abs(x - before) < 230 ? row + 1 : 0;
            before = x;
            const isLate = x > width - 380;
            make("text", { class: "marked", x: x + (isLate ? -5 : 5), y: 13 + 15 * row,
              "text-anchor": isLate ? "end" : "start" }, svg, verdict.title);
          }
        }
        function stepAxis(svg, y) {
          const wanted = Math.max(1, Math.ceil(steps.length / 12));
          for (let column = 0; column < steps.length; column += wanted)
            make("text", { x: center(column), y: y + 16, "text-anchor": "middle" }, svg, steps[column]);
          make("text", { x: left + plotWidth / 2, y: y + 33, "text-anchor": "middle" }, svg, "step");
        }
        function curve(title, series, height, areLabeled) {
          const values = series.flatMap(one => one.points.map(p => p[1])).filter(v => v !== null && Number.isFinite(v));
          if (!values.length) return;
          let low = Math.min(...values), high = Math.max(...values);
          if (low === high) { low -= Math.abs(low) * 0.1 + 1e-12; high += Math.abs(high) * 0.1 + 1e-12; }
          const svg = chart(title, height + 40, series.length > 1 ? " " : "");
          if (series.length > 1) series.forEach(one => {
            const name = document.createElement("span");
            name.textContent = `— ${one.name}  `;
            name.style.color = one.color;
            svg.previousSibling.appendChild(name);
          });
          const y = value => height - 6 - (value - low) / (high - low) * (height - 12);
          for (let i = 0; i <= 3; i++) {
            const value = low + (high - low) * i / 3;
            make("line", { class: "grid", x1: left, x2: left + plotWidth, y1: y(value), y2: y(value) }, svg);
            make("text", { x: left - 8, y: y(value) + 4, "text-anchor": "end" }, svg, brief(value));
          }
          make("rect", { class: "frame", x: left, y: 0, width: plotWidth, height }, svg);
          marks(svg, height, areLabeled);
          for (const one of series) {
            let path = "", isDown = false;
            for (const [column, value] of one.points) {
              if (value === null || !Number.isFinite(value)) { isDown = false; continue; }
              path += `${isDown ? "L" : "M"}${center(column).toFixed(1)} ${y(value).toFixed(1)}`;
              isDown = true;
              if (one.hasDots) make("circle", { cx: center(column), cy: y(value), r: 4, fill: one.color }, svg);
            }
            make("path", { d: path, fill: "none", stroke: one.color, "stroke-width": 2 }, svg);
          }
          stepAxis(svg, height);
          watch(svg, height, column => {
            const own = series.map(one => {
              const found = one.points.filter(p => p[0] <= column).pop();
              return found ? `${one.name} ${brief(found[1])}` : "";
            });
            return `step ${steps[column]}: ${own.filter(Boolean).join(", ")}`;
          });
        }
        const wide = values => values.map((value, column) => [column, value]);
        const losses = [{ name: "loss", color: "var(--loss)", points: wide(data.loss) }];
        if (data.validations.length) losses.push({ name: "held-out loss", color: "var(--held)", hasDots: true,
          points: data.validations.map(([step, value]) => [columnOf(step), value]) });
        curve("Loss", losses, 190, true);
        if (data.rate.some(value => value !== null))
          curve("Learning rate", [{ name: "learning rate", color: "var(--loss)", points: wide(data.rate) }], 90, false);

        const missing = "#9aa1ac55", zero = "#d62728", infinite = "#e377c2";
        for (const map of data.maps) {
          const row = map.rows.length > 60 ? 9 : map.rows.length > 24 ? 13 : 18;
          const height = map.rows.length * row;
          const parts = [map.isLogarithmic ? "red: exactly 0" : "", "pink: not finite", "gray: not measured",
            "the green bar beside the scale is what healthy trainings show"];
          const svg = chart(map.title, height + 40, parts.filter(Boolean).join("; "));
          const [low, high] = map.range.map(v => map.isLogarithmic ? Math.log(v) : v);
          const part = value => ((map.isLogarithmic ? Math.log(value) : value) - low) / (high - low);
          const fill = value => value === null || value === undefined ? missing : !Number.isFinite(value) ? infinite
            : value === 0 && map.isLogarithmic ? zero : color(part(value));
          map.values.forEach((line, i) => {
            const layer = data.layers[map.rows[i]];
            if (row > 9 || i % 2 === 0) {
              const full = `${layer.name} ${layer.type}`;
              make("text", { class: "name", x: left - 8, y: (i + 0.5) * row + 4, "text-anchor": "end" }, svg,
                full.length > 30 ? "…" + full.slice(-29) : full);
            }
            // Neighbors of one color are one rectangle.
            for (let start = 0; start < line.length;) {
              const shade = fill(line[start]);
              let end = start + 1;
              while (end < line.length && fill(line[end]) === shade) end++;
              make("rect", { x: (left + start * columnWidth).toFixed(1), y: i * row, fill: shade,
                width: ((end - start) * columnWidth + 0.4).toFixed(1), height: row + 0.4 }, svg);
              start = end;
            }
          });
          make("rect", { class: "frame", x: left, y: 0, width: plotWidth, height }, svg);
          scale(svg, map, Math.max(height, 120), part);
          marks(svg, height, false);
          stepAxis(svg, height);
          watch(svg, height, (column, y) => {
            const i = Math.min(Math.max(Math.floor(y / row), 0), map.rows.length - 1);
            const layer = data.layers[map.rows[i]], value = (map.shown || map.values)[i][column];
            const relative = map.shown && value !== null ? `, ${brief(map.values[i][column])} of the largest` : "";
            return `step ${steps[column]}, ${layer.name} (${layer.type}): ${brief(value)}${relative}`;
          });
        }
        function scale(svg, map, height, part) {
          const x = left + plotWidth + 22;
          for (let i = 0; i < 40; i++)
            make("rect", { x, y: height - (i + 1) * height / 40, width: 12, height: height / 40 + 0.5,
              fill: color((i + 0.5) / 40) }, svg);
          const y = value => height - Math.min(Math.max(part(value), 0), 1) * height;
          make("line", { class: "band", x1: x - 5, x2: x - 5, y1: y(map.healthy[0] || map.range[0]),
            y2: y(map.healthy[1]) }, svg);
          const [low, high] = map.range, ticks = [];
          if (map.isLogarithmic) for (let v = low; v <= high * 1.01; v *= 10) ticks.push(v);
          else ticks.push(0, 0.25, 0.5, 0.75, 1);
          for (const value of ticks) make("text", { x: x + 17, y: y(value) + 4 }, svg, brief(value));
        }

        // The way of the gradient: a layer's distance from the output, and what arrives there, with every branch.
        let drawProfile = () => {};
        const signals = data.maps.length && data.maps[0].shown ? data.maps[0] : null;
        if (signals && signals.rows.length > 1) {
          const position = new Map(signals.rows.map((layer, i) => [layer, i]));
          let links = data.links.filter(([a, b]) => position.has(a) && position.has(b))
            .map(([a, b]) => [position.get(a), position.get(b)]);
          if (!links.length) links = signals.rows.slice(1).map((_, i) => [i, i + 1]);
          const depth = new Array(signals.rows.length).fill(0);
          for (let round = 0; round < depth.length; round++) {
            let isSettled = true;
            for (const [a, b] of links) if (a !== b && depth[a] < depth[b] + 1 && depth[b] + 1 < depth.length) {
              depth[a] = depth[b] + 1;
              isSettled = false;
            }
            if (isSettled) break;
          }
          const height = 260, deepest = Math.max(...depth, 1);
          const svg = chart("The way of the gradient", height + 40,
            "each line leads from a layer to one that it feeds: branches part and meet. Point at a step above to see it there");
          make("rect", { class: "frame", x: left, y: 0, width: plotWidth, height }, svg);
          const all = signals.shown.flat().filter(v => v > 0 && Number.isFinite(v));
          const low = Math.log(Math.max(Math.min(...all), Math.max(...all) * 1e-14)), high = Math.log(Math.max(...all));
          const x = i => left + 14 + depth[i] / deepest * (plotWidth - 28);
          const y = value => value > 0 && Number.isFinite(value)
            ? 14 + (1 - Math.max((Math.log(value) - low) / Math.max(high - low, 1e-9), 0)) * (height - 40) : height - 8;
          for (const value of [low, (low + high) / 2, high])
            make("text", { x: left - 8, y: y(Math.exp(value)) + 4, "text-anchor": "end" }, svg, brief(Math.exp(value)));
          make("text", { x: left + 4, y: height + 16 }, svg, "output");
          make("text", { x: left + plotWidth - 4, y: height + 16, "text-anchor": "end" }, svg, "input");
          const lines = links.map(() => make("line", { stroke: "var(--loss)", "stroke-width": 1.4, opacity: 0.6 }, svg));
          const dots = signals.rows.map((layer, i) => {
            const dot = make("circle", { r: 4, fill: "var(--loss)" }, svg);
            make("title", {}, dot, `${data.layers[layer].name} (${data.layers[layer].type})`);
            return dot;
          });
          const caption = make("text", { x: left + plotWidth / 2, y: height + 16, "text-anchor": "middle" }, svg);
          drawProfile = column => {
            const value = i => signals.shown[i][column];
            dots.forEach((dot, i) => {
              dot.setAttribute("cx", x(i));
              dot.setAttribute("cy", y(value(i)));
              dot.setAttribute("fill", value(i) > 0 ? "var(--loss)" : value(i) === 0 ? zero : "#9aa1ac");
              dot.firstChild.textContent = `${data.layers[signals.rows[i]].name}: ${brief(value(i))}`;
            });
            links.forEach(([a, b], n) => {
              for (const [name, v] of [["x1", x(a)], ["y1", y(value(a))], ["x2", x(b)], ["y2", y(value(b))]])
                lines[n].setAttribute(name, v);
            });
            caption.textContent = `step ${steps[column]}; a layer that nothing arrives at stands at the bottom, in red`;
          };
          drawProfile(steps.length - 1);
        }
        for (const link of document.querySelectorAll("[data-step]"))
          link.addEventListener("click", () => point(columnOf(Number(link.dataset.step))));

        """#
}
