/*
 * Makes the tables of a page sortable, searchable and savable. The page is whole without it.
 *
 * A cell is read into a tree, [tag, attributes, child...], with its values: a number in the tree
 * stands for the value of that place. The rows of a long table that are not in the page come as
 * such trees in a block of JSON (report/tables.py), and become elements when they are asked for.
 * Whatever a name holds, it is only ever set as text or as the value of an attribute.
 */
"use strict";
(() => {
  const FEW = 3; // rows up to which there is nothing to sort
  const SEEN = 8; // rows up to which there is nothing to search
  const FIRST = 100; // rows that are listed at first, and so many more by each click
  const RANKS = ["low", "medium", "high", "critical"];
  const MONTHS = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];

  const count = (number) => number.toLocaleString("en-US");
  const either = (one, other) => (one < other ? -1 : one > other ? 1 : 0);

  function element(tag, attributes, ...children) {
    const made = document.createElement(tag);
    for (const [name, value] of Object.entries(attributes)) made.setAttribute(name, value);
    made.append(...children);
    return made;
  }

  function control(tag, attributes, event, act, ...children) {
    const made = element(tag, attributes, ...children);
    made.addEventListener(event, act);
    return made;
  }

  /* ---- Cells */

  function filled(part, values) {
    if (typeof part === "number") return values[part];
    return Array.isArray(part) ? part.map((piece) => filled(piece, values)).join("") : part;
  }

  function asTree(node) {
    if (node.nodeType === Node.TEXT_NODE) return node.data;
    const attributes = Object.fromEntries([...node.attributes].map(({ name, value }) => [name, value]));
    return [node.localName, attributes, ...[...node.childNodes].map(asTree)];
  }

  function asElement([tag, attributes, ...children], values, space = "http://www.w3.org/1999/xhtml") {
    const inside = tag === "svg" ? "http://www.w3.org/2000/svg" : space;
    const made = document.createElementNS(inside, tag);
    for (const [name, part] of Object.entries(attributes)) made.setAttribute(name, filled(part, values));
    for (const child of children) {
      made.append(Array.isArray(child) ? asElement(child, values, inside) : filled(child, values));
    }
    return made;
  }

  /* What a cell says: its own words, the small print below them, and its exact figure with its unit. */
  function read([tree, values]) {
    const said = { words: "", more: "", exact: null, unit: "", isAbsent: false };
    const visit = ([tag, attributes, ...children], below) => {
      const of = (name) => filled(attributes[name] ?? "", values);
      const classes = of("class").split(" ");
      if (classes.includes("digest")) return void (said[below ? "more" : "words"] += `${of("title")} `);
      const isBelow = below || tag === "details" || classes.includes("sub");
      if (!isBelow && said.exact === null && (tag === "data" || "data-exact" in attributes)) {
        said.exact = of(tag === "data" ? "value" : "data-exact");
        const [, unit] = of("title").split(/ (.+?)(?:;|$)/);
        said.unit = unit || "";
      }
      if (!isBelow && (classes.includes("none") || classes.includes("unknown"))) said.isAbsent = true;
      if (isBelow && !below) said.more += "; ";
      for (const child of children) {
        if (Array.isArray(child)) visit(child, isBelow);
        else said[isBelow ? "more" : "words"] += `${filled(child, values)} `;
      }
    };
    visit(tree, false);
    said.sum = filled(tree[1]["data-sum"] ?? null, values);
    said.rank = filled(tree[1]["data-sort"] ?? null, values);
    said.isFigure = filled(tree[1].class ?? "", values).split(" ").includes("n");
    said.words = said.words.replace(/\s+/g, " ").trim();
    if (said.more) said.more = said.more.replace(/\s+/g, " ").replace(/( ?; ?)+/g, "; ").replace(/^; |; ?$/g, "").trim();
    return said;
  }

  /* The figure that a cell of figures shows, without what groups it; null where it shows none. */
  function figure({ words, isFigure }) {
    const plain = words.replace(/[\s,]/g, "").replace("\u2212", "-").replace(/^[<>]/, "");
    return isFigure && /^[+-]?\d+(\.\d+)?%?$/.test(plain) ? plain.replace(/[%+]/g, "") : null;
  }

  /* "3 Nov 2026" or "November 2026" as 2026-11-03 or 2026-11. */
  function date(words) {
    const [, day, name, year] = /^(?:(\d{1,2}) )?([A-Z][a-z]{2})[a-z]* (\d{4})$/.exec(words) || [];
    const month = MONTHS.indexOf(name) + 1;
    if (!month) return null;
    return [year, month, ...(day ? [day] : [])].map((part) => String(part).padStart(2, "0")).join("-");
  }

  /* What a cell is sorted by; null is unknown, which is neither small nor large. */
  function key(said) {
    const exact = said.rank ?? said.exact ?? figure(said);
    if (exact !== null) return { number: Number(exact), exact };
    const day = date(said.words);
    if (day) return { number: Date.parse(day), exact: "" };
    if (RANKS.includes(said.words)) return { number: RANKS.indexOf(said.words), exact: "" };
    return said.isAbsent || ["", "\u2013", "unknown"].includes(said.words) ? null : { words: inOrder(said.words) };
  }

  /* As people sort: no difference of case or accent, and model-2 before model-10. */
  function inOrder(words) {
    const plain = words.normalize("NFKD").replace(/\p{M}/gu, "").toLowerCase();
    return plain.replace(/\d+/g, (digits) => digits.padStart(12, "0"));
  }

  function compared(one, other) {
    if ("words" in one || "words" in other) return either(one.words ?? "", other.words ?? "");
    if (one.number !== other.number || one.exact === other.exact) return one.number - other.number;
    return either(...whole([one.exact, other.exact]).numbers); // closer than a double can tell
  }

  /* ---- Sums: decimals as whole numbers of their smallest unit, so that nothing is rounded */

  function whole(exacts) {
    const digits = Math.max(0, ...exacts.map((text) => (text.split(".")[1] || "").length));
    const numbers = exacts.map((text) => {
      const [before, after = ""] = text.split(".");
      return BigInt(before + after.padEnd(digits, "0"));
    });
    return { digits, numbers };
  }

  function total(exacts) {
    const { digits, numbers } = whole(exacts);
    const sum = numbers.reduce((one, other) => one + other, 0n);
    const text = String(sum < 0n ? -sum : sum).padStart(digits + 1, "0");
    const [before, after] = [text.slice(0, text.length - digits), text.slice(text.length - digits).replace(/0+$/, "")];
    return (sum < 0n ? "-" : "") + before + (digits && after ? `.${after}` : "");
  }

  const money = new Intl.NumberFormat("en-US", { minimumFractionDigits: 2, maximumFractionDigits: 2 });

  /* ---- CSV: every digit, the unit in the header, and no cell that is a formula (core/text.guarded) */

  const FORMULA = /^[=+\-@\t\r\n\uff1d\uff0b\uff0d\uff20]/;
  const NUMBER = /^[+-]\d+(\.\d+)?([eE][+-]?\d+)?$/;
  const guarded = (text) => (FORMULA.test(text) && !NUMBER.test(text) ? `'${text}` : text);
  const quoted = (text) => (/[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text);

  function csv(names, rows) {
    const columns = names.flatMap((name, place) => columnsOf(name, rows.map((row) => row.said(place))));
    const lines = [0, ...rows].map((_, line) => columns.map((column) => quoted(guarded(column[line]))).join(","));
    return `\ufeff${lines.join("\r\n")}\r\n`; // the mark tells a spreadsheet that it is UTF-8
  }

  function columnsOf(name, cells) {
    const unitOf = (said) => said.unit || (figure(said) && said.words.endsWith("%") ? "%" : "");
    const units = [...new Set(cells.map(unitOf).filter(Boolean))];
    const header = units.length === 1 && !name.includes(units[0]) ? `${name}, ${units[0]}` : name;
    const value = (said) => said.exact ?? figure(said) ?? date(said.words) ?? said.words.replace(/^\u2013$/, "");
    const values = cells.map(value);
    if (!values.some(Boolean)) return []; // a drawing
    const made = [[header, ...values]];
    if (units.length > 1) made.push([`${name}, unit`, ...cells.map(unitOf)]);
    if (cells.some((said) => said.more)) made.push([`${name}, more`, ...cells.map((said) => said.more)]);
    return made;
  }

  function save(name, text) {
    const href = URL.createObjectURL(new Blob([text], { type: "text/csv" }));
    element("a", { download: name, href }).click();
    setTimeout(() => URL.revokeObjectURL(href), 1000);
  }

  /* ---- Tables */

  class Row {
    constructor(cells, make) {
      Object.assign(this, { cells, make, known: [], keys: [] }); // functions: who is not asked is not read
    }
    get element() {
      return (this.made ??= this.make());
    }
    /* A cell over several columns is the cell of each. */
    get spread() {
      return (this.all ??= this.cells().flatMap((cell) => Array(Number(cell[0][1].colspan || 1)).fill(cell)));
    }
    said(place) {
      return (this.known[place] ??= read(this.spread[place] || [["td", {}], []]));
    }
    key(place) {
      if (this.keys[place] === undefined) this.keys[place] = key(this.said(place));
      return this.keys[place];
    }
    get text() {
      const told = (_, place) => `${this.said(place).words} ${this.said(place).more}`;
      return (this.whole ??= this.spread.map(told).join(" ").toLowerCase());
    }
  }

  class Table {
    constructor(table, file) {
      Object.assign(this, { table, file, body: table.tBodies[0], most: FIRST, sort: null, chosen: new Map() });
      const holder = table.closest(".scroll") || table;
      this.held = holder.nextElementSibling?.matches(".held") ? holder.nextElementSibling : null;
      this.size = Number(this.held?.dataset.rows || this.body.rows.length);
      const heads = [...table.tHead.rows[table.tHead.rows.length - 1].cells];
      this.heads = heads.flatMap((head) => Array(head.colSpan).fill(head));
      this.names = this.heads.map((head) => head.textContent.replace(/\s+/g, " ").trim());
      heads.forEach((head) => this.makeSortable(head, this.heads.indexOf(head)));
      this.status = element("span", { role: "status" });
      this.tools = element("div", { class: "tools" });
      if (this.size > SEEN) this.makeSearchable(heads.filter((head) => "filter" in head.dataset));
      const saved = () => save(this.file, csv(this.names, this.found()));
      this.tools.append(this.status, control("button", { type: "button", class: "save" }, "click", saved, "Download CSV"));
      holder.before(this.tools);
      this.rest = this.held?.querySelector("p") || element("p", { class: "fine rest" });
      if (!this.held) holder.after(this.rest);
      if (this.size > FIRST) this.show();
    }

    get rows() {
      if (this.all) return this.all;
      const cells = (row) => () => [...row.cells].map((cell) => [asTree(cell), []]);
      const inPage = [...this.body.rows].map((row) => new Row(cells(row), () => row));
      const { shapes, rows } = JSON.parse(this.held?.querySelector("script").textContent || '{"rows": []}');
      const cell = (packed) => (Array.isArray(packed) ? [shapes[packed[0]], packed.slice(1)] : [shapes[packed], []]);
      const made = (packed) => {
        const [row, ...inside] = packed.map((one) => asElement(...cell(one)));
        row.append(...inside);
        return row;
      };
      return (this.all = [...inPage, ...rows.map((row) => new Row(() => row.slice(1).map(cell), () => made(row)))]);
    }

    makeSortable(head, place) {
      if (!this.names[place]) return;
      const turn = () => this.turn(head, place);
      head.append(control("button", { type: "button", class: "sort" }, "click", turn, ...head.childNodes));
    }

    /* Figures and dates start with the largest, words with A; the third click restores the order. */
    turn(head, place) {
      const ways = this.rows.some((row) => row.key(place)?.exact !== undefined) ? [-1, 1] : [1, -1];
      const way = ways[this.sort?.place === place ? ways.indexOf(this.sort.way) + 1 : 0];
      this.sort = way ? { place, way } : null;
      this.heads.forEach((other) => other.removeAttribute("aria-sort"));
      if (way) head.setAttribute("aria-sort", way > 0 ? "ascending" : "descending");
      this.show();
    }

    makeSearchable(filters) {
      const label = `Search ${count(this.size)} rows`;
      let waiting;
      const search = () => {
        clearTimeout(waiting);
        waiting = setTimeout(() => this.show(), this.size > 1000 ? 100 : 0);
      };
      const named = { type: "search", placeholder: label, "aria-label": label, spellcheck: "false" };
      this.search = control("input", named, "input", search);
      this.tools.append(this.search, ...filters.map((head) => this.filter(this.heads.indexOf(head))));
    }

    filter(place) {
      const values = [...new Set(this.rows.map((row) => row.said(place).words))];
      const rank = (value) => RANKS.indexOf(value);
      values.sort((one, other) => rank(other) - rank(one) || either(inOrder(one), inOrder(other)));
      const choose = ({ target }) => {
        if (target.value) this.chosen.set(place, values[target.value]);
        else this.chosen.delete(place);
        this.show();
      };
      const options = values.map((value, number) => element("option", { value: number }, value || "not said"));
      const every = element("option", { value: "" }, `${this.names[place]}: all`);
      return control("select", { "aria-label": `Filter by ${this.names[place]}` }, "change", choose, every, ...options);
    }

    /* The rows that match, in their order. */
    found() {
      const parts = (this.search?.value || "").toLowerCase().split(/\s+/).filter(Boolean);
      const chosen = [...this.chosen];
      const isFound = (row) =>
        chosen.every(([place, value]) => row.said(place).words === value) && parts.every((part) => row.text.includes(part));
      const rows = this.rows.filter(isFound);
      if (!this.sort) return rows;
      const { place, way } = this.sort;
      const known = rows.filter((row) => row.key(place));
      known.sort((one, other) => way * compared(one.key(place), other.key(place)));
      return [...known, ...rows.filter((row) => !row.key(place))];
    }

    show(most = FIRST) {
      const rows = this.found();
      const isPart = Boolean(this.search?.value.trim() || this.chosen.size);
      const listed = rows.slice(0, most);
      this.body.replaceChildren(...listed.map((row) => row.element));
      this.status.textContent = isPart ? `${count(rows.length)} of ${count(this.size)} found` : "";
      this.addUp(rows, isPart);
      this.rest.replaceChildren();
      if (listed.length === rows.length) return;
      const next = `Show ${count(Math.min(FIRST, rows.length - most))} more`;
      const more = control("button", { type: "button" }, "click", () => this.show(most + FIRST), next);
      this.rest.append(`The first ${count(most)} of ${count(rows.length)} rows are listed. `, more);
    }

    /* While rows are left out: what those found add up to, and that the total is that of all. */
    addUp(rows, isPart) {
      this.table.querySelectorAll(".part").forEach((part) => part.remove());
      const foot = this.table.tFoot;
      if (!foot || !isPart) return;
      for (const { cells } of foot.rows) {
        cells[0].append(element("span", { class: "sub part" }, `of all ${count(this.size)} rows`));
      }
      const sums = this.heads.slice(1).map((_, place) => this.sum(rows.map((row) => row.said(place + 1))));
      const found = element("th", { scope: "row" }, `The ${count(rows.length)} found`);
      if (sums.some((cell) => cell.hasChildNodes())) foot.prepend(element("tr", { class: "part" }, found, ...sums));
    }

    sum(cells) {
      const counted = cells.filter((said) => said.sum !== null && said.exact !== null);
      const cell = element("td", { class: "n" });
      const units = new Set(counted.map((said) => `${said.sum} ${said.unit}`)); // currencies are never added
      if (units.size !== 1) return cell;
      const exact = total(counted.map((said) => said.exact));
      const title = `${exact} ${counted[0].unit}`;
      const shown = money.format(exact).replace("-", "\u2212");
      cell.append(element("span", { class: "money", "data-exact": exact, title }, shown));
      const without = cells.length - counted.length;
      if (without) cell.append(element("span", { class: "sub" }, `${count(without)} not in it`));
      return cell;
    }
  }

  /* ---- The page */

  /* A link to what is folded opens it, in browsers whose style sheets cannot. */
  const unfold = () => {
    let one = document.getElementById(decodeURIComponent(location.hash.slice(1)))?.closest("details");
    for (; one; one = one.parentElement.closest("details")) one.open = true;
  };
  addEventListener("hashchange", unfold);
  unfold();

  const page = decodeURIComponent(location.pathname.split("/").pop()).replace(/\.html?$/, "") || "table";
  const numbers = {};
  for (const table of document.querySelectorAll("table")) {
    const rows = table.tBodies[0]?.rows.length || 0;
    if (!table.tHead || rows <= FEW || table.querySelector("[rowspan]")) continue;
    const name = [page, table.closest("section[id]")?.id].filter(Boolean).join("-").replace(/[^\w.-]+/g, "-");
    numbers[name] = (numbers[name] || 0) + 1;
    new Table(table, `${name}${numbers[name] > 1 ? `-${numbers[name]}` : ""}.csv`);
  }
})();
