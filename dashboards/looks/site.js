// Switches between states that were computed when the pages were built.
"use strict";
(function () {
  const page = JSON.parse(document.getElementById("page-data").textContent);
  const form = document.querySelector("form.controls");
  const settings = { displayModeBar: false, responsive: true, scrollZoom: false };
  const missing = "Nothing was computed for this combination.";

  // Puts back what many states have in common, in a copy: Plotly writes into what
  // it is given.
  function whole(part) {
    if (Array.isArray(part)) return part.map(whole);
    if (part === null || typeof part !== "object") return part;
    const { "~": place, ...own } = part;
    const names = Object.keys(own);
    const copy = Object.fromEntries(names.map((name) => [name, whole(own[name])]));
    if (place === undefined) return copy;
    const common = whole(page.shared[place]);
    return names.length > 0 ? Object.assign(common, copy) : common;
  }

  function value(name) {
    const input = form.elements[name];
    return input.value;
  }

  function choose(name, wanted) {
    form.elements[name].value = wanted;
  }

  function options(name) {
    const input = form.elements[name];
    if (input instanceof RadioNodeList) return Array.from(input);
    return input.tagName === "SELECT" ? Array.from(input.options) : [];
  }

  // Greys out what no combination offers, given the controls before it, and
  // leaves a choice that is no longer offered for the first one that is.
  function restrict() {
    if (!form || page.available.length === 0) return;
    let left = page.available;
    page.controls.forEach(function (name, position) {
      const offered = new Set(left.map((values) => values[position]));
      options(name).forEach(function (option) {
        option.disabled = !offered.has(option.value);
        option.hidden = option.disabled && option.tagName === "OPTION";
      });
      limit(form.elements[name], Array.from(offered, Number));
      if (offered.size > 0 && !offered.has(value(name))) {
        choose(name, left[0][position]);
      }
      const kept = left.filter((values) => values[position] === value(name));
      left = kept.length > 0 ? kept : left;
    });
  }

  // A slider runs as far as there is something to show.
  function limit(input, numbers) {
    if (input.type !== "range") return;
    input.min = Math.min(...numbers);
    input.max = Math.max(...numbers);
  }

  // Gives every figure its place before any is drawn: their widths depend on
  // how many there are.
  function makeRoom(plots, wanted) {
    if (plots.children.length === wanted) return;
    plots.querySelectorAll(".plot").forEach((plot) => Plotly.purge(plot));
    plots.replaceChildren();
    while (plots.children.length < wanted) {
      const holder = document.createElement("div");
      holder.className = "holder";
      holder.append(document.createElement("h3"), document.createElement("div"));
      holder.lastElementChild.className = "plot";
      plots.append(holder);
    }
  }

  function draw(plots, state) {
    makeRoom(plots, state.figures.length);
    state.figures.forEach(function (figure, index) {
      const [heading, plot] = plots.children[index].children;
      heading.textContent = state.captions[index] || "";
      heading.hidden = heading.textContent === "";
      plot.setAttribute("role", "img");
      plot.setAttribute(
        "aria-label", [heading.textContent, state.title].filter(Boolean).join(": "));
      // Plotly lets the streams of a Sankey drift to their new places: too slow.
      if (figure.data.some((trace) => trace.type === "sankey")) Plotly.purge(plot);
      const layout = Object.assign({ template: page.template }, figure.layout);
      Plotly.react(plot, figure.data, layout, settings);
    });
  }

  function show(element) {
    const block = page.blocks[element.dataset.block];
    const key = block.controls.map(value).join("|");
    if (element.dataset.shown === key) return;
    element.dataset.shown = key;
    const state = key in block.states ? whole(block.states[key]) : null;
    if (element.tagName !== "FIGURE") {
      element.innerHTML = state ? state.html : "";
      return;
    }
    const shown = state || { title: missing, note: "", legend: "", figures: [], captions: [] };
    element.querySelector("figcaption").textContent = shown.title;
    element.querySelector(".note").textContent = shown.note;
    element.querySelector(".key").innerHTML = shown.legend;
    element.classList.toggle("empty", shown.figures.length === 0);
    draw(element.querySelector(".plots"), shown);
  }

  // A new value of a control starts from what is preferred for it, given the
  // controls before it.
  function prefer(event) {
    const names = page.controls.slice(0, page.controls.indexOf(event.target.name) + 1);
    const wanted = page.preferred.find(
      (values) => names.every((name, position) => values[position] === value(name)));
    if (!wanted) return;
    wanted.forEach(function (each, position) {
      choose(page.controls[position], each);
      restrict();
    });
  }

  function update() {
    restrict();
    document.querySelectorAll("output").forEach(function (output) {
      output.value = document.getElementById(output.htmlFor.value).value;
    });
    document.querySelectorAll("[data-block]").forEach(show);
  }

  if (form) {
    form.addEventListener("input", prefer);
    form.addEventListener("input", update);
    form.addEventListener("submit", (event) => event.preventDefault());
  }
  update();
})();
