// The table of a chart, made of the same rows that are drawn.
"use strict";

// Says what is drawn in one figure, as headers and rows of values.
//
// A trace whose `meta` is false is decoration. One whose `meta` has `columns`, pairs of
// header and values, says itself what it shows. Of all others the place on the axis
// (x, or y where bars lie) begins a row, and each trace adds its value, and the ends
// of its interval or band, under its name.
function tableOf(figure) {
  const layout = figure.layout || {};
  const headers = [];
  const rows = new Map();

  // Points of one trace at one place are told in a row each.
  function put(place, header, value) {
    if (!headers.includes(header)) headers.push(header);
    let turn = 0;
    const key = () => JSON.stringify([place, turn]);
    while (rows.has(key()) && rows.get(key()).cells.has(header)) turn += 1;
    if (!rows.has(key())) rows.set(key(), { place, cells: new Map() });
    rows.get(key()).cells.set(header, value);
  }

  function text(value) {
    if (typeof value !== "string") return value === undefined ? null : value;
    const plain = document.createElement("textarea");
    plain.innerHTML = value.replace(/<br>/g, " ");
    return plain.value;
  }

  function title(axis, otherwise) {
    const named = layout[axis] && layout[axis].title && layout[axis].title.text;
    return named ? text(named) : otherwise;
  }

  // Bands run up along one bound and back along the other.
  function band(trace, name) {
    const half = trace.x.length / 2;
    trace.x.slice(0, half).forEach(function (place, index) {
      const ends = [trace.y[index], trace.y[trace.y.length - 1 - index]];
      put([place], `${name}, low`, ends[1]);
      put([place], `${name}, high`, ends[0]);
    });
  }

  function interval(trace, name, axis, places, values) {
    const error = trace[axis];
    if (!error || error.visible === false || !error.array) return;
    values.forEach(function (value, index) {
      if (value === null || value === undefined) return;
      const above = error.array[index];
      const below = (error.arrayminus || error.array)[index];
      const digits = (number) => Number(number.toPrecision(12));
      put([places[index]], `${name}, low`, below === null ? null : digits(value - below));
      put([places[index]], `${name}, high`, above === null ? null : digits(value + above));
    });
  }

  let axes = [];
  figure.data.forEach(function (trace) {
    if (trace.meta === false) return;
    if (trace.meta && trace.meta.columns) {
      const columns = trace.meta.columns;
      axes = [columns[0][0]];
      columns[0][1].forEach((place, row) =>
        columns.slice(1).forEach(([header, values]) =>
          put([text(place), row], header, text(values[row]))));
      return;
    }
    if (trace.type === "heatmap") {
      axes = [title("yaxis", "From"), title("xaxis", "To")];
      trace.z.forEach((line, row) => line.forEach(function (value, column) {
        if (value === null) return;
        const place = [text(trace.y[row]), text(trace.x[column])];
        put(place, "Per cent", value);
        if (trace.customdata) put(place, "Customers", trace.customdata[row][column]);
      }));
      return;
    }
    if (trace.type === "pie") {
      axes = ["Part"];
      trace.labels.forEach((label, row) => put([text(label)], "Customers", trace.values[row]));
      return;
    }
    const name = text(trace.name) || "Value";
    const lies = trace.orientation === "h" || trace.y.some((y) => typeof y === "string");
    axes = lies ? [title("yaxis", "Name")] : [title("xaxis", "Month")];
    if (trace.fill === "toself") {
      band(trace, name);
      return;
    }
    const places = (lies ? trace.y : trace.x).map(text);
    const values = lies ? trace.x : trace.y;
    places.forEach((place, index) => put([place], name, values[index]));
    interval(trace, name, lies ? "error_x" : "error_y", places, values);
  });
  const listed = Array.from(rows.values());
  // Months come in their order, whichever trace begins.
  if (listed.every((row) => /^\d{4}-\d{2}-\d{2}$/.test(row.place[0]))) {
    listed.sort((one, other) => one.place[0].localeCompare(other.place[0]));
  }
  return {
    headers: [...axes, ...headers],
    rows: listed.map((row) => [
      ...row.place.slice(0, axes.length),
      ...headers.map((header) => row.cells.has(header) ? row.cells.get(header) : null),
    ]),
  };
}

// Puts the tables of a chart's figures under each other, each row with the caption
// of its figure where there are several.
function tableOfChart(state) {
  const tables = state.figures.map(tableOf);
  if (tables.length === 1) return tables[0];
  const headers = [...new Set(tables.flatMap((table) => table.headers))];
  return {
    headers: ["Chart", ...headers],
    rows: tables.flatMap((table, place) => table.rows.map((row) => [
      state.captions[place] || String(place + 1),
      ...headers.map(function (header) {
        const column = table.headers.indexOf(header);
        return column < 0 ? null : row[column];
      }),
    ])),
  };
}
