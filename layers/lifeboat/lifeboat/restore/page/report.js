// Tables that can be searched, sorted and shown in portions, and a reading of the plots. Without it the page is
// complete: tables are whole, and the numbers of the plots are in a table.
"use strict";
(() => {
  const PORTION = 100;
  const collator = new Intl.Collator("en", { numeric: true, sensitivity: "base" });
  const format = (count) => count.toLocaleString("en");
  const names = document.getElementById("names");

  /** The text that a person sees of a row. */
  const shownText = (row) =>
    [...row.cells]
      .filter((cell) => names?.checked || !cell.classList.contains("name"))
      .map((cell) => cell.textContent)
      .join(" ")
      .toLowerCase();

  const enhance = (list) => {
    const table = list.querySelector("table");
    const body = table.tBodies[0];
    const all = [...body.rows];
    const headers = [...table.tHead.rows[0].cells];
    const tools = list.querySelector(".tools");
    const more = list.querySelector(".more");
    const [showMore, showAll] = more.querySelectorAll("button");
    const search = tools.querySelector("input");
    const output = tools.querySelector("output");
    let order = all;
    let limit = PORTION;
    let texts = null;

    const draw = () => {
      const wanted = search.value.trim().toLowerCase();
      if (wanted && !texts) texts = new Map(all.map((row) => [row, shownText(row)]));
      const found = wanted ? order.filter((row) => texts.get(row).includes(wanted)) : order;
      body.replaceChildren(...found.slice(0, limit));
      const hidden = found.length - Math.min(found.length, limit);
      more.hidden = !hidden;
      showMore.textContent = `Show ${format(Math.min(PORTION, hidden))} more`;
      showAll.textContent = `Show all ${format(found.length)}`;
      const of = wanted ? `${format(found.length)} of ${format(all.length)} found` : "";
      output.textContent = [of, hidden ? `the first ${format(limit)} shown` : ""].filter(Boolean).join(", ");
    };

    const sort = (header) => {
      const down = header.getAttribute("aria-sort") === "ascending";
      const column = headers.indexOf(header);
      headers.forEach((each) => each.removeAttribute("aria-sort"));
      header.setAttribute("aria-sort", down ? "descending" : "ascending");
      const number = header.classList.contains("n");
      const key = (row) => (number ? row.cells[column].textContent.replaceAll(",", "") : row.cells[column].textContent);
      const keyed = all.map((row) => [key(row), row]);
      keyed.sort(([one], [other]) => collator.compare(one, other) * (down ? -1 : 1));
      order = keyed.map(([, row]) => row);
      draw();
    };

    headers.forEach((header) => {
      const button = document.createElement("button");
      button.type = "button";
      button.append(...header.childNodes);
      button.addEventListener("click", () => sort(header));
      header.append(button);
    });
    search.addEventListener("input", () => {
      limit = PORTION;
      draw();
    });
    showMore.addEventListener("click", () => {
      limit += PORTION;
      draw();
    });
    showAll.addEventListener("click", () => {
      limit = Infinity;
      draw();
    });
    names?.addEventListener("change", () => {
      texts = null;
      draw();
    });
    tools.hidden = all.length < 2;
    draw();
  };

  /** Under the pointer: a line through both plots, and the row of the numbers that is nearest. */
  const read = (plots) => {
    const rows = [...plots.parentElement.querySelectorAll("table.small tbody tr")];
    const seconds = plots.dataset.seconds.split(" ").map(Number);
    const span = seconds.at(-1);
    const readout = document.createElement("p");
    readout.className = "readout";
    readout.setAttribute("aria-hidden", "true");
    plots.after(readout);
    const cursors = [...plots.querySelectorAll("svg")].map((svg) => {
      const cursor = document.createElementNS("http://www.w3.org/2000/svg", "path");
      cursor.setAttribute("class", "cursor");
      svg.append(cursor);
      svg.addEventListener("pointermove", (event) => {
        const box = svg.getBoundingClientRect();
        const at = ((event.clientX - box.left) / box.width) * span;
        let nearest = 0;
        seconds.forEach((each, place) => {
          if (Math.abs(each - at) < Math.abs(seconds[nearest] - at)) nearest = place;
        });
        const x = (1000 * seconds[nearest]) / span;
        cursors.forEach((each) => each.setAttribute("d", `M${x} 0V200`));
        const [after, done, users, updates] = [...rows[nearest].cells].map((cell) => cell.textContent);
        readout.textContent = `After ${after}: ${done} users settled; ${users} users and ${updates} updates a second`;
      });
      svg.addEventListener("pointerleave", () => {
        cursors.forEach((each) => each.removeAttribute("d"));
        readout.textContent = "";
      });
      return cursor;
    });
  };

  document.querySelectorAll(".list").forEach(enhance);
  document.querySelectorAll(".plots").forEach(read);
})();
