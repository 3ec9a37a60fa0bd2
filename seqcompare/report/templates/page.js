"use strict";
(() => {
  const page = document.documentElement;
  page.classList.add("js");
  const make = (name, attributes, text) => {
    const element = document.createElement(name);
    for (const [key, value] of Object.entries(attributes)) element.setAttribute(key, value);
    if (text) element.textContent = text;
    return element;
  };
  const save = (name, type, text) => {
    const address = URL.createObjectURL(new Blob([text], { type }));
    const link = make("a", { href: address, download: name });
    document.body.append(link);
    link.click();
    link.remove();
    setTimeout(() => URL.revokeObjectURL(address), 1000);
  };

  // tables: sort by a click on a heading, filter by words, save as CSV
  const toNumber = (text) => parseFloat(text.replace(/−/g, "-").replace("∞", "Infinity").replace(/^[^\d.I-]+/, ""));
  const sortBy = (table, column, heading) => {
    const down = heading.getAttribute("aria-sort") === "ascending";
    for (const other of table.tHead.rows[0].cells) other.removeAttribute("aria-sort");
    heading.setAttribute("aria-sort", down ? "descending" : "ascending");
    const body = table.tBodies[0];
    const keyed = [...body.rows].map((row) => {
      const cell = row.cells[column];
      const value = cell.classList.contains("n") ? toNumber(cell.dataset.v ?? cell.textContent) : cell.textContent;
      return [cell.textContent === "" ? null : value, row];
    });
    const order = (a, b) =>
      typeof a === "number" && typeof b === "number" ? a - b : String(a).localeCompare(String(b), "en", { numeric: true });
    keyed.sort(([a], [b]) => (a === null) - (b === null) || (a === null ? 0 : down ? -order(a, b) : order(a, b)));
    body.append(...keyed.map(([, row]) => row));
  };
  // a spreadsheet runs cells that start like a formula: they get an apostrophe
  const quote = (cell) => {
    let text = cell.dataset.v ?? cell.textContent;
    if (cell.classList.contains("n")) text = text.replace(/−/g, "-");
    else if (/^\s*[=+\-@]/.test(text)) text = "'" + text;
    return /[",\n\r]/.test(text) ? '"' + text.replace(/"/g, '""') + '"' : text;
  };
  const csvOf = (table) =>
    [...table.rows].filter((row) => !row.hidden).map((row) => [...row.cells].map(quote).join(",")).join("\n") + "\n";

  for (const bar of document.querySelectorAll(".tools[data-for]")) {
    const table = document.getElementById(bar.dataset.for);
    [...table.tHead.rows[0].cells].forEach((heading, column) => {
      const button = make("button", { type: "button" }, heading.textContent);
      heading.replaceChildren(button);
      button.addEventListener("click", () => sortBy(table, column, heading));
    });
    if (table.tBodies[0].rows.length > 5) {
      const field = make("input", { type: "search", placeholder: "Filter rows", "aria-label": "Filter the rows of this table" });
      const count = make("output", { "aria-live": "polite" });
      field.addEventListener("input", () => {
        const words = field.value.toLowerCase().split(/\s+/).filter(Boolean);
        let left = 0;
        for (const row of table.tBodies[0].rows) {
          const text = [...row.cells].map((cell) => cell.textContent.toLowerCase()).join(" ");
          row.hidden = !words.every((word) => text.includes(word));
          left += !row.hidden;
        }
        count.textContent = words.length ? `${left} of ${table.tBodies[0].rows.length} rows` : "";
      });
      bar.append(field, count);
    }
    const button = make("button", { type: "button" }, "Save as CSV");
    button.addEventListener("click", () => save(bar.dataset.file + ".csv", "text/csv", csvOf(table)));
    bar.append(button);
  }

  // figures: hide and show lines, save as SVG
  for (const chip of document.querySelectorAll(".chip")) {
    chip.addEventListener("click", () => {
      const on = chip.getAttribute("aria-pressed") !== "true";
      chip.setAttribute("aria-pressed", String(on));
      for (const line of chip.closest("figure").querySelectorAll(`[data-series="${chip.dataset.toggles}"]`))
        line.classList.toggle("off", !on);
    });
  }
  // what stands for the lines that are shown, in rows of a width, and how high that is
  const legendOf = (figure, width) => {
    const pen = make("canvas", {}).getContext("2d");
    pen.font = '8px "DejaVu Sans", Verdana, sans-serif';
    const parts = [];
    let [x, y] = [4, 2];
    for (const chip of figure.querySelectorAll('.chip[aria-pressed="true"]')) {
      const long = 32 + pen.measureText(chip.textContent).width;
      if (x > 4 && x + long > width) [x, y] = [4, y + 13];
      const sign = chip.querySelector(".swatch").cloneNode(true);
      const words = document.createElementNS("http://www.w3.org/2000/svg", "text");
      for (const [key, value] of Object.entries({ x, y, width: 26, height: 12 })) sign.setAttribute(key, value);
      const set = { x: x + 30, y: y + 9, "font-size": 8, fill: "#1f2328" };
      for (const [key, value] of Object.entries(set)) words.setAttribute(key, value);
      words.textContent = chip.textContent;
      parts.push(sign, words);
      x += long + 14;
    }
    return [parts, parts.length ? y + 16 : 0];
  };
  // the panels of a figure under their legend, side by side in one picture, in the colours of a light page
  const svgOf = (figure) => {
    const panels = [...figure.querySelectorAll(".panel > svg")];
    const boxes = panels.map((panel) => panel.viewBox.baseVal);
    const columns = Math.min(3, panels.length);
    const width = Math.max(...boxes.map((box) => box.width));
    const height = Math.max(...boxes.map((box) => box.height));
    const whole = document.createElementNS("http://www.w3.org/2000/svg", "svg");
    const [legend, top] = legendOf(figure, width * columns);
    const size = [width * columns, top + height * Math.ceil(panels.length / columns)];
    whole.setAttribute("viewBox", `0 0 ${size.join(" ")}`);
    whole.setAttribute("width", size[0]);
    whole.setAttribute("height", size[1]);
    whole.setAttribute("font-family", "DejaVu Sans, Verdana, sans-serif");
    whole.setAttribute("stroke-linejoin", "round");
    const styles = document.createElementNS("http://www.w3.org/2000/svg", "style");
    styles.textContent = document.getElementById("figure-styles").textContent;
    whole.append(styles, ...legend);
    panels.forEach((panel, index) => {
      const copy = panel.cloneNode(true);
      copy.querySelectorAll(".off").forEach((line) => line.remove());
      copy.setAttribute("x", (index % columns) * width);
      copy.setAttribute("y", top + Math.floor(index / columns) * height);
      copy.setAttribute("width", boxes[index].width);
      copy.setAttribute("height", boxes[index].height);
      whole.append(copy);
    });
    return new XMLSerializer().serializeToString(whole).replace(/var\(--[\w-]+, ?(#[0-9a-f]{6})\)/g, "$1");
  };
  // twice as large as on the page, on white
  const pngOf = async (text) => {
    const image = new Image();
    image.src = URL.createObjectURL(new Blob([text], { type: "image/svg+xml" }));
    await image.decode();
    const canvas = make("canvas", { width: 2 * image.width, height: 2 * image.height });
    const pen = canvas.getContext("2d");
    pen.fillStyle = "#ffffff";
    pen.fillRect(0, 0, canvas.width, canvas.height);
    pen.drawImage(image, 0, 0, canvas.width, canvas.height);
    URL.revokeObjectURL(image.src);
    return new Promise((resolve) => canvas.toBlob(resolve, "image/png"));
  };
  for (const bar of document.querySelectorAll(".tools[data-figure]")) {
    const button = make("button", { type: "button" }, "Save as SVG");
    const figure = document.getElementById(bar.dataset.figure);
    button.addEventListener("click", () => save(bar.dataset.file + ".svg", "image/svg+xml", svgOf(figure)));
    const picture = make("button", { type: "button" }, "Save as PNG");
    picture.addEventListener("click", async () => save(bar.dataset.file + ".png", "image/png", await pngOf(svgOf(figure))));
    const copied = make("button", { type: "button" }, "Copy picture");
    const told = make("output", { "aria-live": "polite" });
    copied.addEventListener("click", async () => {
      try {
        await navigator.clipboard.write([new ClipboardItem({ "image/png": pngOf(svgOf(figure)) })]);
        told.textContent = "copied";
      } catch {
        told.textContent = "this browser does not let pages copy pictures: save it";
      }
    });
    bar.append(button, picture, copied, told);
  }

  // what is folded opens where a link leads into it, and for print
  const unfold = () => {
    const target = location.hash && document.getElementById(decodeURIComponent(location.hash.slice(1)));
    if (!target) return;
    target.querySelector(":scope > details.fold")?.setAttribute("open", "");
    for (let fold = target.closest("details"); fold; fold = fold.parentElement.closest("details")) fold.open = true;
    target.scrollIntoView();
  };
  addEventListener("hashchange", unfold);
  unfold();
  let opened = [];
  addEventListener("beforeprint", () => {
    opened = [...document.querySelectorAll("details.fold:not([open])")];
    for (const fold of opened) fold.open = true;
  });
  addEventListener("afterprint", () => opened.forEach((fold) => (fold.open = false)));

  // texts to take along
  const copy = async (text) => {
    try {
      await navigator.clipboard.writeText(text);
    } catch {
      const field = make("textarea", {}, text);
      document.body.append(field);
      field.select();
      document.execCommand("copy");
      field.remove();
    }
  };
  for (const button of document.querySelectorAll("[data-copy]"))
    button.addEventListener("click", async () => {
      await copy(document.getElementById(button.dataset.copy).textContent);
      button.parentElement.querySelector("output").textContent = `${button.textContent.replace("Copy ", "")}: copied`;
    });

  // light or dark, against what the system says
  const theme = make("button", { type: "button", class: "theme" }, "Light / dark");
  theme.addEventListener("click", () => {
    const dark = page.dataset.theme ? page.dataset.theme === "dark" : matchMedia("(prefers-color-scheme: dark)").matches;
    page.dataset.theme = dark ? "light" : "dark";
  });
  document.querySelector("header").append(theme);
})();
