// Switches between states that were computed when the pages were built.
"use strict";
(async function () {
  const settings = { displayModeBar: false, responsive: true, scrollZoom: false };
  const said = document.getElementById("said");
  if (!("DecompressionStream" in window)) {
    said.textContent = "The charts and controls need a browser of 2023 or later; tables,"
      + " sentences and the first chart are shown for the first choice of each control.";
    return;
  }
  const page = await unpacked(document.getElementById("page-data").textContent);
  const forms = Array.from(document.querySelectorAll("form.controls"));
  const elements = Array.from(document.querySelectorAll("[data-block]"));
  // What the address asks for, of this page and of the others.
  let address = asked();

  // -- Data -----------------------------------------------------------------------

  async function unpacked(text) {
    const bytes = Uint8Array.from(atob(text), (letter) => letter.charCodeAt(0));
    const stream = new Blob([bytes]).stream();
    return new Response(stream.pipeThrough(new DecompressionStream("gzip"))).json();
  }

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

  function stateOf(element) {
    const block = page.blocks[element.dataset.block];
    const key = block.controls.map(value).join("|");
    if (!(key in block.states)) return null;
    const state = whole(block.states[key]);
    (state.figures || []).forEach(function (figure, place) {
      page.heights[state.heights][place].forEach(function (heights, trace) {
        if (heights !== null) figure.data[trace].y = heights.slice();
      });
    });
    return state;
  }

  // -- Controls -------------------------------------------------------------------

  function input(name) {
    return forms.map((form) => form.elements[name]).find(Boolean);
  }

  function value(name) {
    return input(name).value;
  }

  function choose(name, wanted) {
    input(name).value = wanted;
  }

  function options(name) {
    const found = input(name);
    if (found instanceof RadioNodeList) return Array.from(found);
    return found.tagName === "SELECT" ? Array.from(found.options) : [];
  }

  function label(name) {
    const found = input(name);
    if (found.tagName === "SELECT") return found.selectedOptions[0].textContent;
    const chosen = options(name).find((option) => option.checked);
    return chosen ? chosen.nextElementSibling.textContent : `${name} ${found.value}`;
  }

  // Greys out what no combination offers, given the controls before it, and
  // leaves a choice that is no longer offered for the first one that is. Where the
  // address asks for one that is offered, that one is taken.
  function restrict(choices, wishes) {
    let left = choices.available;
    if (left.length === 0) {
      choices.names.forEach(function (name) {
        const wished = wishes.get(name);
        if (options(name).some((option) => option.value === wished)) choose(name, wished);
      });
      return;
    }
    choices.names.forEach(function (name, position) {
      const offered = new Set(
        left.filter((values) => position < values.length)
          .map((values) => values[position]));
      const holder = document.querySelector(`[data-control="${name}"]`);
      if (holder) holder.hidden = offered.size === 0;
      options(name).forEach(function (option) {
        option.disabled = !offered.has(option.value);
        option.hidden = option.disabled && option.tagName === "OPTION";
      });
      limit(input(name), Array.from(offered, Number));
      const wished = wishes.get(name);
      if (wished !== null && offered.has(wished)) choose(name, wished);
      else if (offered.size > 0 && !offered.has(value(name))) {
        choose(name, left.find((values) => position < values.length)[position]);
      }
      const kept = left.filter((values) => values[position] === value(name));
      left = kept.length > 0 ? kept : left;
    });
  }

  function restrictAll(wishes = new URLSearchParams()) {
    page.choices.forEach((choices) => restrict(choices, meant(choices, wishes)));
  }

  // What an address means that names only some of the controls, or what is not offered
  // together: what is preferred for the first of them.
  function meant(choices, wishes) {
    const agrees = (values, length) => choices.names.slice(0, length)
      .every((name, position) => wishes.get(name) === values[position]);
    if (choices.available.some((values) => agrees(values, values.length))) return wishes;
    for (let length = choices.names.length; length > 0; length -= 1) {
      const wanted = choices.preferred.find((values) => agrees(values, length));
      if (wanted) {
        return new URLSearchParams(wanted.map((each, position) => [choices.names[position], each]));
      }
    }
    return wishes;
  }

  // A slider runs as far as there is something to show.
  function limit(found, numbers) {
    if (found.type !== "range" || numbers.length === 0) return;
    found.min = Math.min(...numbers);
    found.max = Math.max(...numbers);
  }

  // A new value of a control starts from what is preferred for it, given the
  // controls before it.
  function prefer(event) {
    page.choices.filter((choices) => choices.names.includes(event.target.name))
      .forEach(function (choices) {
        const names = choices.names.slice(0, choices.names.indexOf(event.target.name) + 1);
        const wanted = choices.preferred.find((values) =>
          names.every((name, position) => values[position] === value(name)));
        if (!wanted) return;
        wanted.forEach(function (each, position) {
          choose(choices.names[position], each);
          restrict(choices, new URLSearchParams());
        });
      });
  }

  // -- The address ----------------------------------------------------------------

  function asked() {
    const text = location.hash.slice(1);
    return new URLSearchParams(text.includes("=") ? text : "");
  }

  // Writes what is shown into the address, and into the links to the other pages.
  function remember() {
    page.choices.flatMap((choices) => choices.names)
      .forEach((name) => address.set(name, value(name)));
    const state = address.toString();
    if (state === "") return;
    if (asked().toString() !== state) history.replaceState(null, "", `#${state}`);
    document.querySelectorAll("nav a, .brand a").forEach(function (link) {
      link.href = `${link.getAttribute("href").split("#")[0]}#${state}`;
    });
  }

  function follow() {
    if (asked().toString() === address.toString()) return;
    // A link to a place of this page leaves the state as it is.
    if (asked().toString() === "") {
      remember();
      return;
    }
    asked().forEach((wanted, name) => address.set(name, wanted));
    restrictAll(address);
    update();
  }

  // -- Charts ---------------------------------------------------------------------

  let library = null;
  function plotly() {
    library = library || new Promise(function (done) {
      const script = document.createElement("script");
      script.src = "plotly.js";
      script.onload = done;
      document.head.append(script);
    });
    return library;
  }

  // Gives every figure its place before any is drawn: their widths depend on how
  // many there are, and what stands below should not move.
  function makeRoom(plots, state) {
    if (plots.children.length !== state.figures.length) {
      if (window.Plotly) plots.querySelectorAll(".plot").forEach((it) => Plotly.purge(it));
      plots.replaceChildren();
      while (plots.children.length < state.figures.length) {
        const holder = document.createElement("div");
        holder.className = "holder";
        holder.append(document.createElement("h3"), document.createElement("div"));
        holder.lastElementChild.className = "plot";
        plots.append(holder);
      }
    }
    state.figures.forEach(function (figure, index) {
      const [heading, plot] = plots.children[index].children;
      heading.textContent = state.captions[index] || "";
      heading.hidden = heading.textContent === "";
      plot.style.minHeight = `${figure.layout.height}px`;
      plot.setAttribute("role", "img");
      plot.setAttribute(
        "aria-label", [heading.textContent, state.title].filter(Boolean).join(": "));
    });
  }

  // On a phone, two radars stand side by side, and a heatmap may have many columns.
  function narrow(plot, traces, layout) {
    if (layout.xaxis.visible === false && plot.clientWidth < 240) {
      layout.height = 140;
      plot.style.minHeight = "140px";
      layout.xaxis.range = layout.xaxis.range.map((end) => 1.4 * end);
      layout.annotations.forEach((it) => { it.font.size = 8; });
    }
    traces.filter((it) => it.type === "heatmap" && plot.clientWidth < 40 * it.x.length)
      .forEach(function (trace) {
        trace.textfont.size = 8;
        layout.xaxis.tickfont = { size: 9 };
        layout.yaxis.tickfont = { size: 10 };
      });
  }

  function draw(element) {
    const state = stateOf(element);
    delete element.dataset.waits;
    if (!state) return;
    state.figures.forEach(function (figure, index) {
      const plot = element.querySelectorAll(".plot")[index];
      if (!plot.classList.contains("js-plotly-plot")) plot.replaceChildren();
      const layout = Object.assign({ template: page.template }, figure.layout);
      narrow(plot, figure.data, layout);
      Plotly.react(plot, figure.data, layout, settings);
    });
  }

  // A chart is drawn when it comes into view, and at once where it is in view.
  const inView = new Set();
  async function drawInView() {
    const waiting = Array.from(inView).filter((element) => element.dataset.waits);
    if (waiting.length === 0) return;
    await plotly();
    waiting.filter((element) => element.dataset.waits).forEach(draw);
  }
  const observer = new IntersectionObserver(function (entries) {
    entries.forEach((entry) =>
      entry.isIntersecting ? inView.add(entry.target) : inView.delete(entry.target));
    drawInView();
  }, { rootMargin: "300px" });

  function show(element) {
    const block = page.blocks[element.dataset.block];
    const key = block.controls.map(value).join("|");
    if (element.dataset.shown === key) return;
    // A still picture is of one state.
    if (element.dataset.still !== key) {
      element.querySelectorAll(".still").forEach((picture) => picture.remove());
    }
    element.dataset.shown = key;
    const state = stateOf(element);
    element.hidden = state === null;
    if (element.tagName !== "FIGURE") {
      element.innerHTML = state ? state.html : "";
      return;
    }
    const shown = state ||
      { title: "", subtitle: "", note: "", legend: "", figures: [], captions: [] };
    element.querySelector("figcaption").textContent = shown.title;
    element.querySelector(".subtitle").textContent = shown.subtitle;
    element.querySelector(".note").innerHTML = shown.note;
    element.querySelector(".key").innerHTML = shown.legend;
    element.classList.toggle("empty", shown.figures.length === 0);
    makeRoom(element.querySelector(".plots"), shown);
    element.dataset.waits = shown.figures.length > 0 ? "yes" : "";
    const fold = element.querySelector("details.table");
    fold.hidden = shown.figures.length === 0;
    if (fold.open) fill(fold);
  }

  // -- Tables of charts -----------------------------------------------------------

  function written(cell) {
    if (cell === null) return "";
    if (typeof cell === "number") {
      return cell.toLocaleString("en-US", { maximumFractionDigits: 6 });
    }
    const month = /^(\d{4})-(\d{2})-01$/.exec(cell);
    if (!month) return String(cell);
    const start = new Date(Date.UTC(Number(month[1]), Number(month[2]) - 1));
    return start.toLocaleString("en-US", { month: "long", year: "numeric", timeZone: "UTC" });
  }

  // A spreadsheet would compute a text that begins as a formula does.
  function commaSeparated(table) {
    const quoted = (cell) => {
      const isFormula = typeof cell === "string" && /^[=+\-@\t\r]/.test(cell);
      const text = cell === null ? "" : `${isFormula ? "'" : ""}${cell}`;
      return /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
    };
    return [table.headers, ...table.rows]
      .map((row) => row.map(quoted).join(",")).join("\r\n") + "\r\n";
  }

  function fill(fold) {
    const element = fold.closest("[data-block]");
    const state = stateOf(element);
    if (!state) return;
    const table = tableOfChart(state);
    const drawn = document.createElement("table");
    drawn.createCaption().textContent = [state.title, state.subtitle].filter(Boolean).join(". ");
    const head = drawn.createTHead().insertRow();
    table.headers.forEach(function (header) {
      const cell = document.createElement("th");
      cell.scope = "col";
      cell.textContent = header;
      head.append(cell);
    });
    const body = drawn.createTBody();
    table.rows.forEach(function (row) {
      const line = body.insertRow();
      row.forEach(function (cell, place) {
        const made = document.createElement(place === 0 ? "th" : "td");
        if (place === 0) made.scope = "row";
        made.className = typeof cell === "number" ? "number" : "";
        made.textContent = written(cell);
        line.append(made);
      });
    });
    table.headers.forEach((_, place) => head.children[place].classList.toggle(
      "number", table.rows.some((row) => typeof row[place] === "number")));
    const scroll = document.createElement("div");
    scroll.className = "scroll";
    scroll.tabIndex = 0;
    scroll.setAttribute("role", "region");
    scroll.setAttribute("aria-label", drawn.caption.textContent);
    scroll.append(drawn);
    const link = document.createElement("a");
    link.textContent = "CSV of this table";
    link.download = `${[element.id, element.dataset.shown].filter(Boolean).join("-")
      .replace(/[^\w-]+/g, "-")}.csv`;
    link.href = URL.createObjectURL(new Blob([commaSeparated(table)], { type: "text/csv" }));
    const old = fold.querySelector("a");
    if (old) URL.revokeObjectURL(old.href);
    fold.replaceChildren(fold.firstElementChild, scroll, link);
  }

  // -- Everything together --------------------------------------------------------

  function update() {
    document.querySelectorAll("output").forEach(function (output) {
      output.value = document.getElementById(output.htmlFor.value).value;
    });
    elements.forEach(show);
    document.querySelectorAll("section").forEach(function (section) {
      const open = section.querySelectorAll(":scope > .blocks > [data-block]");
      section.hidden = open.length > 0 && Array.from(open).every((block) => block.hidden);
    });
    remember();
    drawInView();
    const chosen = page.choices.flatMap((choices) => choices.names)
      .filter((name, place, all) => all.indexOf(name) === place)
      .filter((name) => !input(name).disabled).map(label);
    const first = elements.find((it) => it.tagName === "FIGURE" && !it.hidden);
    const finding = first ? first.querySelector("figcaption").textContent : "";
    say(chosen.join(", "), finding);
  }

  // Says what is shown; paper, which has the finding, too, is told the choices alone.
  function say(chosen, finding) {
    const told = document.createElement("span");
    told.className = "finding";
    told.textContent = chosen && finding ? `: ${finding}` : finding;
    said.replaceChildren(chosen, told);
    said.classList.toggle("unchosen", chosen === "");
  }

  // On paper all charts are drawn, as wide as the sheet; how we know it is open,
  // tables of charts are closed.
  let opened = [];
  function print() {
    document.documentElement.classList.add("printing");
    opened = Array.from(document.querySelectorAll("details:not(.table)"))
      .filter((fold) => !fold.open);
    opened.forEach((fold) => { fold.open = true; });
    document.querySelectorAll("details.table").forEach((fold) => { fold.open = false; });
    if (!window.Plotly) return;
    elements.filter((it) => it.tagName === "FIGURE" && !it.hidden).forEach(function (it) {
      if (it.dataset.waits) draw(it);
    });
    resize();
  }

  // Plotly's own resize comes too late for a sheet.
  function resize() {
    document.querySelectorAll(".js-plotly-plot")
      .forEach((it) => Plotly.relayout(it, { autosize: true }));
  }

  function printed() {
    document.documentElement.classList.remove("printing");
    opened.forEach((fold) => { fold.open = false; });
    resize();
  }

  forms.forEach(function (form) {
    form.addEventListener("input", function (event) {
      prefer(event);
      restrictAll();
      update();
    });
    form.addEventListener("submit", (event) => event.preventDefault());
  });
  document.querySelectorAll("details.table").forEach((fold) =>
    fold.addEventListener("toggle", () => fold.open && fill(fold)));
  window.addEventListener("hashchange", follow);
  window.addEventListener("beforeprint", print);
  window.addEventListener("afterprint", printed);
  restrictAll(address);
  update();
  document.querySelectorAll("figure").forEach((figure) => observer.observe(figure));
  // The library is there before anybody prints or scrolls.
  window.addEventListener("load", () => setTimeout(plotly, 300));
  if (document.readyState === "complete") setTimeout(plotly, 300);
})();
