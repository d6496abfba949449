"use strict";
/* Curves of a grid of settings, drawn at the setting of the sliders: linear between the points of the grid. */
const grid = JSON.parse(document.getElementById("grid").textContent);
const SVG = "http://www.w3.org/2000/svg";
const place = { left: 52, right: 12, top: 12, bottom: 44, width: 640, height: 400 };
const state = { horizon: grid.horizon.value, set: 0, values: grid.sets.map(one => one.controls.map(c => c.value)) };
const sliders = [];

function number(value, whole) {
  if (whole) return String(Math.round(value));
  return Math.abs(value) >= 0.1 ? value.toFixed(2) : value.toPrecision(2);
}

function node(name, attributes, text) {
  const made = document.createElementNS(SVG, name);
  for (const [key, value] of Object.entries(attributes)) made.setAttribute(key, value);
  if (text !== undefined) made.textContent = text;
  return made;
}

function element(name, properties, ...inside) {
  const made = Object.assign(document.createElement(name), properties);
  made.append(...inside);
  return made;
}

/* Corners of the cell of the grid that holds the setting, each with its share; the last control runs fastest. */
function corners(one, setting) {
  let found = [{ at: 0, share: 1 }];
  one.controls.forEach((control, i) => {
    const scale = v => control.logarithmic ? Math.log(v) : v;
    const axis = control.axis.map(scale), value = scale(setting[i]), last = axis.length - 1;
    let k = 0;
    while (k < last - 1 && axis[k + 1] <= value) k += 1;
    const share = last === 0 ? 0 : Math.min(Math.max((value - axis[k]) / (axis[k + 1] - axis[k]), 0), 1);
    found = found.flatMap(c => {
      const base = c.at * axis.length + k;
      const low = { at: base, share: c.share * (1 - share) }, high = { at: base + 1, share: c.share * share };
      return share === 0 ? [low] : share === 1 ? [high] : [low, high];
    });
  });
  return found;
}

function mixed(tables, where) {
  const first = tables[where[0].at];
  if (first.length === 0) return [];
  if (Array.isArray(first[0])) return first.map((_, row) => mixed(tables.map(t => t[row]), where));
  return first.map((_, j) => where.reduce((sum, c) => sum + c.share * tables[c.at][j], 0));
}

function aliveTo(curve, tau) {
  let area = 0;
  for (let j = 1; j < grid.times.length; j += 1) {
    const [a, b] = [grid.times[j - 1], grid.times[j]];
    if (a >= tau) break;
    const end = Math.min(b, tau), last = curve[j - 1] + (curve[j] - curve[j - 1]) * (end - a) / (b - a);
    area += (end - a) * (curve[j - 1] + last) / 2;
  }
  return area;
}

function step(span) {
  const rough = span / (place.width < 450 ? 4 : 6), power = 10 ** Math.floor(Math.log10(rough));
  return [1, 2, 3, 5, 6, 10].map(m => m * power).find(s => s >= rough) || rough;
}

function draw(curves) {
  const picture = document.getElementById("picture");
  picture.replaceChildren();
  // One unit of the picture is one pixel of the page, so that its letters stay legible on a phone.
  place.width = Math.min(Math.max(picture.clientWidth || 640, 300), 820);
  place.height = place.width < 450 ? 270 : 400;
  picture.setAttribute("viewBox", `0 0 ${place.width} ${place.height}`);
  const right = place.width - place.right, floor = place.height - place.bottom;
  const x = t => place.left + (right - place.left) * t / state.horizon;
  const y = s => floor - (floor - place.top) * s;
  for (let s = 0; s <= 1.001; s += 0.2) {
    picture.append(node("line", { x1: place.left, x2: right, y1: y(s), y2: y(s), stroke: "#d3d8dd" }));
    picture.append(node("text", { x: place.left - 8, y: y(s) + 4, "text-anchor": "end" }, s.toFixed(1)));
  }
  const every = step(state.horizon);
  for (let t = 0; t <= state.horizon + 1e-9; t += every) {
    picture.append(node("line", { x1: x(t), x2: x(t), y1: floor, y2: floor + 5, stroke: "#1c2024" }));
    picture.append(node("text", { x: x(t), y: floor + 19, "text-anchor": t > state.horizon * 0.97 ? "end" : "middle" }, String(Number(t.toPrecision(6)))));
  }
  picture.append(node("text", { x: (place.left + right) / 2, y: place.height - 6, "text-anchor": "middle" }, `Time (${grid.unit})`));
  picture.append(node("text", { x: 14, y: (place.top + floor) / 2, "text-anchor": "middle", transform: `rotate(-90 14 ${(place.top + floor) / 2})` }, "Share alive"));
  curves.forEach((curve, k) => {
    const points = [];
    for (let j = 0; j < grid.times.length; j += 1) {
      const t = grid.times[j];
      if (t <= state.horizon) { points.push(`${x(t).toFixed(1)},${y(curve[j]).toFixed(1)}`); continue; }
      const a = grid.times[j - 1], s = curve[j - 1] + (curve[j] - curve[j - 1]) * (state.horizon - a) / (t - a);
      points.push(`${x(state.horizon).toFixed(1)},${y(s).toFixed(1)}`);
      break;
    }
    picture.append(node("polyline", { points: points.join(" "), fill: "none", stroke: grid.colours[k], "stroke-width": 2.2, "stroke-dasharray": grid.dashes[k] }));
  });
}

function key(k) {
  const line = node("svg", { viewBox: "0 0 36 12", class: "key", "aria-hidden": "true" });
  line.append(node("line", { x1: 1, x2: 35, y1: 6, y2: 6, stroke: grid.colours[k], "stroke-width": 2.4, "stroke-dasharray": grid.dashes[k] }));
  return line;
}

function tell(curves, dose, myelopathy) {
  const means = curves.map(curve => aliveTo(curve, state.horizon));
  const reference = means[grid.reference];
  const titles = ["strategy", `${grid.unit} alive to ${number(state.horizon, true)}`, `difference from ${grid.labels[grid.reference]}`];
  if (dose.length) titles.push("mean dose to the cord (Gy EQD2)");
  grid.models.forEach(model => titles.push(`myelopathy, ${model}`));
  const heads = titles.map((title, i) => element("th", { scope: "col", className: i ? "number" : "" }, title));
  document.getElementById("head").replaceChildren(element("tr", {}, ...heads));
  document.getElementById("rows").replaceChildren(...grid.labels.map((label, k) => {
    const gain = means[k] - reference;
    const cells = [means[k].toFixed(2), k === grid.reference ? "reference" : (gain < 0 ? "\u2212" : "+") + Math.abs(gain).toFixed(2)];
    if (dose.length) cells.push(dose[k].toFixed(1));
    myelopathy.forEach(row => cells.push((100 * row[k]).toFixed(1) + "%"));
    return element("tr", {}, element("th", { scope: "row" }, key(k), label), ...cells.map(c => element("td", { className: "number" }, c)));
  }));
}

function redraw() {
  const began = performance.now(), one = grid.sets[state.set];
  const where = one ? corners(one, state.values[state.set]) : [];
  const curves = (one ? mixed(one.curves, where) : grid.start.curves).map(curve => curve.map(share => share * grid.share));
  draw(curves);
  tell(curves, one ? mixed(one.dose, where) : grid.start.dose, one ? mixed(one.myelopathy, where) : grid.start.myelopathy);
  const moved = sliders.filter(s => s.set === state.set && s.input.value !== s.start).map(s => `${s.control.label} ${s.output.textContent}`);
  document.getElementById("said").textContent = moved.length ? `Moved: ${moved.join("; ")}.` : "Everything stands where the scenario has it.";
  window.survsimTook = performance.now() - began;
}

function show(slider) {
  slider.output.textContent = slider.shown(Number(slider.input.value));
}

function home(slider) {
  slider.input.value = slider.start;
  show(slider);
}

function sliderOf(label, low, high, value, stepping, shown, moved) {
  const input = element("input", { type: "range", min: low, max: high, step: stepping });
  input.value = value;
  const output = element("output");
  const made = { input, output, shown, start: input.value };
  show(made);
  input.addEventListener("input", () => { moved(Number(input.value)); show(made); redraw(); });
  made.box = element("label", { className: "slider" }, element("span", {}, label), output, input);
  return made;
}

function build() {
  const box = document.getElementById("sliders");
  grid.sets.forEach((one, s) => {
    const group = element("fieldset", {}, element("legend", {}, one.title));
    one.controls.forEach((control, i) => {
      const log = control.logarithmic, axis = control.axis.map(v => log ? Math.log(v) : v);
      const back = v => control.whole ? Math.round(v) : log ? Math.exp(v) : v;
      const start = log ? Math.log(control.value) : control.value, low = axis[0], high = axis[axis.length - 1];
      const made = sliderOf(control.label, low, high, start, control.whole ? 1 : "any", v => number(back(v), control.whole), v => {
        if (state.set !== s) sliders.filter(o => o.set === state.set).forEach(home);
        if (state.set !== s && grid.sets[state.set]) state.values[state.set] = grid.sets[state.set].controls.map(c => c.value);
        state.set = s;
        state.values[s][i] = back(v);
      });
      sliders.push(Object.assign(made, { set: s, control }));
      group.append(made.box);
    });
    box.append(group);
  });
  const end = sliderOf(`horizon in ${grid.unit}`, grid.horizon.low, grid.horizon.high, grid.horizon.value, 1, v => number(v, true), v => { state.horizon = v; });
  box.append(element("fieldset", {}, element("legend", {}, "horizon"), end.box));
  const back = element("button", { type: "button" }, "back to the start");
  back.addEventListener("click", () => {
    sliders.forEach(home);
    home(end);
    state.values = grid.sets.map(one => one.controls.map(c => c.value));
    state.horizon = grid.horizon.value;
    redraw();
  });
  box.append(back);
  redraw();
}

build();
window.addEventListener("resize", redraw);
