// Everything can be read without this: it sorts and filters tables, and opens what a link points into.
"use strict";

const collator = new Intl.Collator("en", { numeric: true });
const text = (cell) => cell.textContent.trim();
const number = (cell) => parseFloat(cell.replace(/\u2212/g, "-").replace(/^\+|,/g, ""));
const isEmpty = (cell) => cell === "" || cell === "\u2013";

// Sorting: up, down, and back to the order of the page. Empty cells come last either way.
function compare(rows, column) {
  const filled = rows.map((row) => text(row.cells[column])).filter((each) => !isEmpty(each));
  const numeric = filled.every((each) => /^[+\-\u2212]?\.?\d/.test(each));
  return (a, b) => (numeric ? number(a) - number(b) : collator.compare(a, b));
}

function sort(table, heading, column, original) {
  const turn = { none: "ascending", ascending: "descending", descending: "none" };
  const next = turn[heading.getAttribute("aria-sort") || "none"];
  for (const each of heading.parentNode.cells) each.removeAttribute("aria-sort");
  heading.setAttribute("aria-sort", next);
  const rows = [...original];
  if (next !== "none") {
    const order = compare(rows, column);
    const sign = next === "ascending" ? 1 : -1;
    rows.sort((one, other) => {
      const [a, b] = [text(one.cells[column]), text(other.cells[column])];
      return isEmpty(a) - isEmpty(b) || (isEmpty(a) ? 0 : sign * order(a, b));
    });
  }
  table.tBodies[0].append(...rows);
}

function makeSortable(table) {
  const original = [...table.tBodies[0].rows];
  if (original.length < 3) return;
  [...table.tHead.rows[0].cells].forEach((heading, column) => {
    if (!text(heading)) return;
    const button = document.createElement("button");
    button.type = "button";
    button.append(...heading.childNodes);
    button.addEventListener("click", () => sort(table, heading, column, original));
    heading.append(button);
  });
}

// Filters: a list for each column that has one, and free text. A cell may hold several values.
const valuesOf = (cell) => text(cell).split(", ");

function makeFilters(table) {
  const rows = [...table.tBodies[0].rows];
  const form = document.createElement("form");
  form.className = "filters";
  const label = (name, control) => {
    const made = document.createElement("label");
    made.append(name, " ", control);
    form.append(made);
    return control;
  };
  const lists = table.dataset.filters.split(" ").map(Number).map((column) => {
    const list = document.createElement("select");
    const values = new Set(rows.flatMap((row) => valuesOf(row.cells[column])));
    list.add(new Option("all", ""));
    for (const value of [...values].sort(collator.compare)) list.add(new Option(value));
    label(text(table.tHead.rows[0].cells[column]), list);
    return { column, list };
  });
  const search = document.createElement("input");
  search.type = "search";
  label("text", search);
  const reset = document.createElement("button");
  reset.type = "reset";
  reset.textContent = "Reset";
  const count = document.createElement("output");
  form.append(reset, count);
  const words = new Map(rows.map((row) => [row, row.textContent.toLowerCase()]));
  const apply = () => {
    const asked = search.value.toLowerCase().split(/\s+/);
    let shown = 0;
    for (const row of rows) {
      const fits =
        lists.every(({ column, list }) => !list.value || valuesOf(row.cells[column]).includes(list.value)) &&
        asked.every((word) => words.get(row).includes(word));
      row.hidden = !fits;
      shown += fits;
    }
    count.textContent = `${shown} of ${rows.length} rows`;
  };
  form.addEventListener("input", apply);
  form.addEventListener("submit", (event) => event.preventDefault());
  form.addEventListener("reset", () => setTimeout(apply));
  apply();
  table.parentNode.before(form);
}

// A link into something that is folded, or filtered away, shows it.
function reveal() {
  const target = document.getElementById(decodeURIComponent(location.hash.slice(1)));
  if (!target) return;
  if (target.hidden) target.closest(".wide").previousElementSibling.reset();
  for (let part = target.parentElement; part; part = part.parentElement) {
    if (part.tagName === "DETAILS") part.open = true;
  }
  setTimeout(() => target.scrollIntoView());
}

// On paper nothing opens: what is to be printed whole is opened for it.
let opened = [];
addEventListener("beforeprint", () => {
  opened = [...document.querySelectorAll("details.paper:not([open])")];
  for (const part of opened) part.open = true;
});
addEventListener("afterprint", () => {
  for (const part of opened) part.open = false;
});

for (const table of document.querySelectorAll("main table")) {
  makeSortable(table);
  if ("filters" in table.dataset) makeFilters(table);
}
// The parts in the contents: open where there is room for them, as beside the text.
for (const part of document.querySelectorAll("#contents details")) {
  part.open = matchMedia("(min-width: 64rem)").matches && part.querySelectorAll("li").length < 9;
}
addEventListener("hashchange", reveal);
reveal();
