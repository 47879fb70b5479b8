/*
 * Makes the tables of a page sortable, searchable and savable. The page is complete without it.
 *
 * A row is cells, and a cell is a tree, [tag, attributes, child...], with its values: a number in
 * the tree stands for the value of that place. Cells of a row that is in the page are read into
 * such trees; the rows of a long table that are not in the page come as trees in a block of JSON
 * (report/tables.py), and become elements when they are shown. Text is only ever set as text.
 */
"use strict";
(() => {
  const FEW = 8; // rows that need no search
  const AT_ONCE = 300; // rows of a long table that are listed at first
  const MORE = 1000; // and those that a click adds
  const RANKS = ["low", "medium", "high", "critical"];
  const MONTHS = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];
  const count = (number) => number.toLocaleString("en-US");

  function element(tag, attributes = {}, ...children) {
    const made = document.createElement(tag);
    for (const [name, value] of Object.entries(attributes)) made.setAttribute(name, value);
    made.append(...children);
    return made;
  }

  /* ---- Cells */

  const filled = (part, values) =>
    typeof part === "number" ? values[part]
    : Array.isArray(part) ? part.map((piece) => filled(piece, values)).join("")
    : part;

  function asTree(node) {
    if (node.nodeType === Node.TEXT_NODE) return node.data;
    const attributes = Object.fromEntries([...node.attributes].map((one) => [one.name, one.value]));
    return [node.localName, attributes, ...[...node.childNodes].map(asTree)];
  }

  function asElement([tag, attributes, ...children], values, space) {
    const inside = tag === "svg" ? "http://www.w3.org/2000/svg" : space;
    const made = document.createElementNS(inside, tag);
    for (const [name, part] of Object.entries(attributes)) made.setAttribute(name, filled(part, values));
    for (const child of children) {
      made.append(Array.isArray(child) ? asElement(child, values, inside) : filled(child, values));
    }
    return made;
  }

  /* What a cell says: its own words, the small print below them, and its exact figure. */
  function read([tree, values]) {
    const said = { words: "", more: "", exact: null, unit: "", sum: null, absent: false };
    const visit = ([tag, attributes, ...children], below) => {
      const of = (name) => (name in attributes ? filled(attributes[name], values) : null);
      const classes = (of("class") || "").split(" ");
      const isBelow = below || tag === "details" || classes.includes("sub");
      if (isBelow && !below) said.more += "; ";
      if (!isBelow && said.exact === null && of("data-exact") !== null) {
        said.exact = of("data-exact");
        const title = of("title") || "";
        if (title.startsWith(`${said.exact} `)) said.unit = title.slice(said.exact.length + 1).split(/[;,.\n]/)[0].trim();
      }
      if (!isBelow && (classes.includes("none") || classes.includes("unknown"))) said.absent = true;
      for (const child of children) {
        if (Array.isArray(child)) visit(child, isBelow);
        else said[isBelow ? "more" : "words"] += `${filled(child, values)} `;
      }
    };
    visit(tree, false);
    said.sum = tree[1]["data-sum"] === undefined ? null : filled(tree[1]["data-sum"], values);
    said.words = said.words.replace(/\s+/g, " ").trim();
    if (said.more) said.more = said.more.replace(/\s+/g, " ").replace(/(?:; *)+/g, "; ").replace(/^[; ]+|[; ]+$/g, "");
    return said;
  }

  /* A figure that stands in the words, without what rounds and groups it; null where there is none. */
  function figure(text) {
    const plain = text.replace(/[\s\u00a0,]/g, "").replace("\u2212", "-").replace(/^[<>]/, "");
    return /^[+-]?\d+(\.\d+)?%?$/.test(plain) ? plain.replace(/[%+]/g, "") : null;
  }

  function day(text) {
    const [, number, name, year] = /^(?:(\d{1,2}) )?([A-Z][a-z]{2})[a-z]* (\d{4})$/.exec(text) || [];
    const month = MONTHS.indexOf(name) + 1;
    return month ? [year, month, number || ""].filter(Boolean).map((part) => String(part).padStart(2, "0")).join("-") : null;
  }

  function key(said) {
    const exact = said.exact ?? figure(said.words);
    if (exact !== null) return { kind: 0, number: Number(exact), exact };
    const date = day(said.words);
    if (date) return { kind: 0, number: Date.parse(date), exact: "" };
    if (RANKS.includes(said.words)) return { kind: 0, number: RANKS.indexOf(said.words), exact: "" };
    if (said.absent || ["", "–", "unknown"].includes(said.words)) return null;
    return { kind: 1, words: inOrder(said.words) };
  }

  /* As people sort: no difference of case or accent, and model-2 before model-10. */
  const inOrder = (text) =>
    text.normalize("NFKD").replace(/\p{M}/gu, "").toLowerCase().replace(/\d+/g, (digits) => digits.padStart(12, "0"));

  const either = (one, other) => (one < other ? -1 : one > other ? 1 : 0);

  function compared(one, other) {
    if (one.kind !== other.kind) return one.kind - other.kind;
    if (one.kind === 1) return either(one.words, other.words);
    if (one.number !== other.number || one.exact === other.exact) return one.number - other.number;
    return either(...whole([one.exact, other.exact]).numbers); // closer than a double can tell
  }

  /* Decimals as whole numbers of their smallest unit: nothing is rounded. */
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
    const after = text.slice(text.length - digits).replace(/0+$/, "");
    return (sum < 0n ? "-" : "") + text.slice(0, text.length - digits) + (digits && after ? `.${after}` : "");
  }

  const money = new Intl.NumberFormat("en-US", { minimumFractionDigits: 2, maximumFractionDigits: 2 });

  /* ---- CSV: no cell is a formula (core/text.guarded), every digit is kept */

  const FORMULA = /^[=+\-@\t\r\n\uff1d\uff0b\uff0d\uff20]/;
  const NUMBER = /^[+-]\d+(\.\d+)?([eE][+-]?\d+)?$/;
  const guarded = (text) => (FORMULA.test(text) && !NUMBER.test(text) ? `'${text}` : text);
  const quoted = (text) => (/[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text);

  function csv(names, rows) {
    const columns = names.flatMap((name, place) => {
      const cells = rows.map((row) => row.said(place));
      const units = new Set(cells.map((said) => said.unit).filter(Boolean));
      if (cells.some((said) => said.exact === null && /\d%$/.test(said.words.replace(/\s/g, "")))) units.add("%");
      const [unit] = units;
      const header = units.size === 1 && !name.includes(unit) ? `${name}, ${unit}` : name;
      const value = (said) => said.exact ?? (said.absent ? null : day(said.words)) ?? figure(said.words) ?? said.words;
      const column = [header, ...cells.map((said) => (said.words === "–" ? "" : value(said)))];
      const made = [column];
      if (units.size > 1) made.push([`${name}, unit`, ...cells.map((said) => said.unit)]);
      if (cells.some((said) => said.more)) made.push([`${name}, more`, ...cells.map((said) => said.more)]);
      return made;
    });
    const lines = [0, ...rows].map((_, line) => columns.map((column) => quoted(guarded(column[line]))).join(","));
    return `\ufeff${lines.join("\r\n")}\r\n`; // the mark tells spreadsheets that it is UTF-8
  }

  function save(name, text) {
    const link = element("a", { download: name, href: URL.createObjectURL(new Blob([text], { type: "text/csv" })) });
    link.click();
    setTimeout(() => URL.revokeObjectURL(link.href), 1000);
  }

  /* ---- Tables */

  class Row {
    constructor(cells, make) {
      this.cells = cells; // a function, so that a table nobody touches is never read
      this.make = make;
      this.read = [];
    }
    get element() { return (this.made ??= this.make()); }
    said(place) {
      this.spread ??= this.cells();
      return (this.read[place] ??= this.spread[place] ? read(this.spread[place]) : read([["td", {}], []]));
    }
    key(place) {
      this.keys ??= [];
      return (this.keys[place] ??= { is: key(this.said(place)) }).is;
    }
    get text() {
      this.spread ??= this.cells();
      return (this.words ??= this.spread.map((_, place) => `${this.said(place).words} ${this.said(place).more}`).join(" ").toLowerCase());
    }
  }

  /* A cell over several columns is a cell of each. */
  const spread = (cells) => cells.flatMap((cell) => Array(Number(cell[0][1].colspan || 1)).fill(cell));

  class Table {
    constructor(table, number) {
      [this.table, this.body, this.number] = [table, table.tBodies[0], number];
      this.holder = table.closest(".scroll") || table;
      this.held = this.holder.nextElementSibling?.matches(".held") ? this.holder.nextElementSibling : null;
      this.size = Number(this.held?.dataset.rows || this.body.rows.length);
      this.most = AT_ONCE;
      this.chosen = new Map();
      this.sort = null;
      this.heads = [...table.tHead.rows[table.tHead.rows.length - 1].cells].flatMap((head) => {
        return [head, ...Array(head.colSpan - 1).fill(null)];
      });
      this.names = this.heads.map((head, place) => (head || this.heads[place - 1]).textContent.replace(/\s+/g, " ").trim());
      this.heads.forEach((head, place) => head && this.names[place] && this.sortable(head, place));
      this.tools = element("div", { class: "tools" });
      if (this.size > FEW) this.searchable();
      this.tools.append(this.status, this.saver());
      this.holder.before(this.tools);
      this.rest = this.held?.querySelector("p");
      this.tell();
    }

    status = element("span", { role: "status" });

    get rows() {
      if (this.all) return this.all;
      this.all = [...this.body.rows].map((row) => new Row(() => spread([...row.cells].map((cell) => [asTree(cell), []])), () => row));
      const held = this.held ? JSON.parse(this.held.querySelector("script").textContent) : { rows: [] };
      const cell = (packed) => (Array.isArray(packed) ? [held.shapes[packed[0]], packed.slice(1)] : [held.shapes[packed], []]);
      for (const [outer, ...cells] of held.rows) {
        const made = () => {
          const row = asElement(...cell(outer), "http://www.w3.org/1999/xhtml");
          row.append(...cells.map((one) => asElement(...cell(one), "http://www.w3.org/1999/xhtml")));
          return row;
        };
        this.all.push(new Row(() => spread(cells.map(cell)), made));
      }
      return this.all;
    }

    sortable(head, place) {
      const button = element("button", { type: "button", class: "sort" }, ...head.childNodes);
      button.addEventListener("click", () => this.turn(place));
      head.append(button);
    }

    /* Figures and dates start with the largest, words with A; the third click undoes. */
    turn(place) {
      const isFigure = this.rows.some((row) => row.key(place)?.kind === 0);
      const turns = isFigure ? [-1, 1] : [1, -1];
      const before = this.sort?.place === place ? turns.indexOf(this.sort.way) : -1;
      this.sort = before < 1 ? { place, way: turns[before + 1] } : null;
      for (const [other, head] of this.heads.entries()) {
        if (this.sort?.place === other) head.setAttribute("aria-sort", this.sort.way > 0 ? "ascending" : "descending");
        else head?.removeAttribute("aria-sort");
      }
      this.show();
    }

    searchable() {
      const label = `Search ${count(this.size)} rows`;
      this.search = element("input", { type: "search", placeholder: label, "aria-label": label, spellcheck: "false" });
      let waiting;
      this.search.addEventListener("input", () => {
        clearTimeout(waiting);
        waiting = setTimeout(() => this.show(), this.size > 1000 ? 120 : 0);
      });
      this.tools.append(this.search);
      for (const [place, head] of this.heads.entries()) if (head?.dataset.filter !== undefined) this.filterable(place);
    }

    filterable(place) {
      const values = [...new Set(this.rows.map((row) => row.said(place).words))];
      if (values.length < 2) return;
      values.sort((one, other) => RANKS.indexOf(other) - RANKS.indexOf(one) || either(inOrder(one), inOrder(other)));
      const name = this.names[place];
      const choice = element("select", { "aria-label": `Filter by ${name}` }, element("option", { value: "" }, `${name}: all`));
      values.forEach((value, number) => choice.append(element("option", { value: number }, value || "not said")));
      choice.addEventListener("change", () => {
        if (choice.value === "") this.chosen.delete(place);
        else this.chosen.set(place, values[choice.value]);
        this.show();
      });
      this.tools.append(choice);
    }

    saver() {
      const button = element("button", { type: "button", class: "save" }, "Download CSV");
      const section = this.table.closest("[id]")?.closest("section[id]")?.id;
      const page = decodeURIComponent(location.pathname.split("/").pop()).replace(/\.html?$/, "") || "table";
      const name = [page, section, this.number > 1 && this.number].filter(Boolean).join("-").replace(/[^\w.-]+/g, "-");
      button.addEventListener("click", () => save(`${name}.csv`, csv(this.names, this.found())));
      return button;
    }

    get isNarrowed() { return Boolean(this.search?.value.trim() || this.chosen.size); }

    /* The rows that match, in their order. */
    found() {
      const parts = (this.search?.value || "").toLowerCase().split(/\s+/).filter(Boolean);
      const rows = this.rows.filter((row) =>
        [...this.chosen].every(([place, value]) => row.said(place).words === value)
        && parts.every((part) => row.text.includes(part)));
      if (!this.sort) return rows;
      const { place, way } = this.sort;
      const known = rows.filter((row) => row.key(place));
      known.sort((one, other) => way * compared(one.key(place), other.key(place)));
      return [...known, ...rows.filter((row) => !row.key(place))]; // unknown is neither small nor large
    }

    show(most = AT_ONCE) {
      const rows = this.found();
      this.most = this.held ? most : this.size;
      this.body.replaceChildren(...rows.slice(0, this.most).map((row) => row.element));
      this.total(rows);
      this.tell(rows.length);
    }

    tell(found = this.size) {
      const shown = Math.min(found, this.most);
      this.status.textContent = this.isNarrowed ? `${count(found)} of ${count(this.size)} shown` : "";
      if (!this.rest) return;
      this.rest.replaceChildren();
      if (shown === found) return;
      this.rest.append(`The first ${count(shown)} of ${count(found)} rows are listed. `);
      const more = element("button", { type: "button" }, `Show ${count(Math.min(MORE, found - shown))} more`);
      more.addEventListener("click", () => this.show(shown + MORE));
      this.rest.append(more);
    }

    /* While rows are hidden: what those that are left add up to, above the total of all. */
    total(rows) {
      this.table.querySelectorAll(".part").forEach((part) => part.remove());
      const foot = this.table.tFoot;
      if (!foot || !this.isNarrowed) return;
      for (const row of foot.rows) {
        row.cells[0].append(element("span", { class: "sub part" }, `all ${count(this.size)} rows, hidden ones too`));
      }
      const added = element("tr", { class: "part" }, element("th", { scope: "row" }, `The ${count(rows.length)} found`));
      for (let place = 1; place < this.heads.length; place += 1) added.append(this.sum(rows.map((row) => row.said(place))));
      if (added.querySelector("[data-exact]")) foot.prepend(added);
    }

    sum(cells) {
      const summed = cells.filter((said) => said.sum !== null && said.exact !== null);
      const cell = element("td", { class: "n" });
      if (!summed.length || new Set(summed.map((said) => said.sum + said.unit)).size > 1) return cell;
      const exact = total(summed.map((said) => said.exact));
      const shown = money.format(exact).replace("-", "\u2212");
      cell.append(element("span", { class: "money", "data-exact": exact, title: `${exact} ${summed[0].unit}` }, shown));
      const without = cells.length - summed.length;
      if (without) cell.append(element("span", { class: "sub" }, `${count(without)} not in it`));
      return cell;
    }
  }

  const numbers = new Map();
  for (const table of document.querySelectorAll("table")) {
    if (!table.tHead || table.closest(".grounds") || table.tBodies.length !== 1 || table.tBodies[0].rows.length < 2 || table.querySelector("[rowspan]")) continue;
    const section = table.closest("section[id]");
    numbers.set(section, (numbers.get(section) || 0) + 1);
    new Table(table, numbers.get(section));
  }
})();
