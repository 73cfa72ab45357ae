/* Draws the pairs of gallery.html from window.galleryData: 48 a page, sorted, filtered and searched.
   The state is the page's hash, so that a view can be linked. All text goes in as text, never as markup. */
"use strict";
(function () {
  const CARDS = 48;
  const FIELDS = ["search", "sort", "order", "group", "attribute", "answer", "truth", "from", "to"];
  const NAMES = { search: "q" };
  const data = window.galleryData;
  const pairs = data.id.length;
  const pages = window.pairPages || "";
  const paged = new Set();
  for (let at = 0; at < pages.length; at += 16) paged.add(pages.slice(at, at + 16));
  const field = (name) => document.getElementById(name);
  const cards = field("cards");
  const rowOf = new Map(data.id.map((id, row) => [id, row]));
  let haystack = null;
  let state = {};

  function readHash() {
    const given = new URLSearchParams(location.hash.slice(1));
    const sort = given.get("sort");
    const known = Array.from(field("sort").options).some((option) => option.value === sort);
    state = { page: Math.max(1, Math.floor(Number(given.get("page"))) || 1), near: given.get("near") || "" };
    for (const name of FIELDS) state[name] = given.get(NAMES[name] || name) || "";
    state.sort = known ? sort : "similarity";
    state.order = state.order === "asc" ? "asc" : "desc";
    if (!rowOf.has(state.near)) state.near = "";
    if (!data.groups.includes(state.group)) state.group = "";
    if (!data.attributes.includes(state.attribute)) state.attribute = "";
    if (!["yes", "no"].includes(state.answer)) state.answer = "";
    if (!["right", "wrong", "unknown"].includes(state.truth)) state.truth = "";
    for (const end of ["from", "to"]) if (!Number.isFinite(Number(state[end]))) state[end] = "";
  }

  function writeHash() {
    const kept = new URLSearchParams();
    for (const name of FIELDS) {
      const usual = { sort: "similarity", order: "desc" }[name] || "";
      if (state[name] && state[name] !== usual) kept.set(NAMES[name] || name, state[name]);
    }
    if (state.near) kept.set("near", state.near);
    if (state.page > 1) kept.set("page", String(state.page));
    const hash = kept.toString();
    if (hash !== location.hash.slice(1)) history.pushState(null, "", hash ? "#" + hash : location.pathname + location.search);
  }

  function texts() {
    if (haystack === null) {
      const images = data.images;
      haystack = data.id.map((id, row) => {
        const query = data.query[row], reference = data.reference[row];
        const words = [id, images.id[query], images.id[reference], images.label[query], images.label[reference],
          data.groups[data.group[row]], data.attributes[data.attribute[row]] || ""];
        return words.join("\n").toLowerCase();
      });
    }
    return haystack;
  }

  function wanted() {
    const group = state.group === "" ? null : data.groups.indexOf(state.group);
    const attribute = state.attribute === "" ? null : data.attributes.indexOf(state.attribute);
    const from = state.from === "" ? -Infinity : Number(state.from);
    const to = state.to === "" ? Infinity : Number(state.to);
    const search = state.search.trim().toLowerCase();
    const found = search ? texts() : null;
    const truth = { right: true, wrong: false, unknown: null }[state.truth];
    const among = state.near ? [rowOf.get(state.near)].concat(data.nearest[rowOf.get(state.near)] || []) : data.id.keys();
    const rows = [];
    for (const row of among) {
      if (group !== null && data.group[row] !== group) continue;
      if (attribute !== null && data.attribute[row] !== attribute) continue;
      if (state.answer && (data.attribute[row] >= 0) !== (state.answer === "yes")) continue;
      if (truth !== undefined && data.right[row] !== truth) continue;
      const similarity = data.similarity[row];
      if ((from > -Infinity || to < Infinity) && !(similarity !== null && similarity >= from && similarity <= to)) continue;
      if (found && !found[row].includes(search)) continue;
      rows.push(row);
    }
    return state.near ? rows : sorted(rows);
  }

  function sorted(rows) {
    const values = data[state.sort];
    const sign = state.order === "asc" ? 1 : -1;
    /* Unknown values come last whichever way the others go; equal ones keep the order of the table. */
    return rows.sort((a, b) => {
      const one = values[a], other = values[b];
      if (one === null || other === null) return (one === null) - (other === null) || a - b;
      return sign * (one - other) || a - b;
    });
  }

  function element(tag, properties, ...children) {
    const made = document.createElement(tag);
    for (const [name, value] of Object.entries(properties || {})) {
      if (name in made) made[name] = value;
      else made.setAttribute(name, value);
    }
    made.append(...children);
    return made;
  }

  const minus = (text) => text.replace("-", "\u2212");
  const number = (value, decimals) => (value === null ? "\u2013" : minus(value.toFixed(decimals)));
  const percent = (value) => (value === null ? "\u2013" : Math.round(100 * value) + " %");

  function picture(name, alt) {
    return element("img", { width: 128, height: 128, loading: "lazy", decoding: "async", alt: alt, src: "thumbnails/" + name });
  }

  function answerLine(row) {
    const line = element("p", { className: "answer" });
    const attribute = data.attribute[row];
    if (attribute < 0) {
      line.append(element("b", {}, "No attribute explains this match"));
      return line;
    }
    line.append(element("b", {}, data.attributes[attribute]), " explains this match");
    if (data.right[row] !== null) {
      const isRight = data.right[row];
      line.append(": ", element("span", { className: isRight ? "truth right" : "truth wrong", title: isRight
        ? "it has at least 90 % of the strongest true effect" : "another attribute truly matters more" }, isRight ? "right" : "wrong"));
    }
    const ends = data.low[row] === null ? "" : " [" + number(data.low[row], 3) + ", " + number(data.high[row], 3) + "]";
    line.append(element("span", { className: "more" }, "without it the similarity is expected to fall by " + number(data.effect[row], 3) + ends
      + (data.probability[row] === null ? "" : "; probability " + percent(data.probability[row]))
      + (data.together[row] ? "; shown over all pairs, not for this one alone" : "")));
    return line;
  }

  function card(row) {
    const images = data.images, query = data.query[row], reference = data.reference[row], id = data.id[row];
    const labels = images.label[query] === images.label[reference] ? images.label[query]
      : images.label[query] + " and " + images.label[reference];
    const title = paged.has(id) ? element("a", { href: "pairs/" + id + ".html" }, labels) : labels;
    const place = data.bright[row] < 0 ? "without a map" : "under its map, brightest " + data.places[data.bright[row]];
    const pictures = element("div", { className: "duo" },
      picture("query-" + id + ".jpg", "query " + images.id[query] + " " + place),
      picture("image-" + images.name[reference] + ".jpg", "reference " + images.id[reference]));
    const facts = [["similarity", number(data.similarity[row], 3)]];
    if (data.disagreement[row] !== null) facts.push(["methods disagree", percent(data.disagreement[row])]);
    if (data.insertion[row] !== null) facts.push(["insertion", number(data.insertion[row], 2)]);
    if (data.regret[row] !== null) facts.push(["regret", number(data.regret[row], 3)]);
    const list = element("dl", { className: "pair-facts" });
    for (const [name, value] of facts) list.append(element("div", {}, element("dt", {}, name), element("dd", {}, value)));
    const made = element("article", { className: "pair-card" }, element("h3", {}, title), pictures, answerLine(row), list,
      element("p", { className: "ids" }, images.id[query], element("br"), images.id[reference]));
    if ((data.nearest[row] || []).length) {
      const button = element("button", { type: "button", title: "pairs whose queries and references are nearest to these for the model" }, "Pairs like this");
      button.setAttribute("aria-label", "Pairs like " + images.id[query] + " and " + images.id[reference]);
      button.addEventListener("click", () => change({ near: id, page: 1 }));
      made.append(element("p", { className: "buttons" }, button));
    }
    return made;
  }

  function paging(rows) {
    const last = Math.max(1, Math.ceil(rows.length / CARDS));
    state.page = Math.min(state.page, last);
    for (const bar of document.querySelectorAll("[data-paging]")) {
      const button = (text, page, label) => {
        const made = element("button", { type: "button", disabled: page < 1 || page > last || page === state.page }, text);
        made.setAttribute("aria-label", label);
        made.addEventListener("click", () => change({ page: page }));
        return made;
      };
      bar.replaceChildren(button("\u00ab", 1, "First page"), button("\u2039 Back", state.page - 1, "Page before"),
        element("span", {}, "page " + state.page + " of " + last),
        button("Next \u203a", state.page + 1, "Page after"), button("\u00bb", last, "Last page"));
      bar.hidden = false;
    }
  }

  function draw() {
    const rows = wanted();
    paging(rows);
    for (const name of FIELDS) if (field(name).value !== state[name]) field(name).value = state[name];
    const near = state.near ? data.images.id[data.query[rowOf.get(state.near)]] : "";
    field("found").textContent = rows.length.toLocaleString("en") + (rows.length === 1 ? " pair" : " pairs")
      + (state.near ? ", nearest to " + near : rows.length === pairs ? "" : " of " + pairs.toLocaleString("en"));
    field("found").hidden = false;
    field("sort").disabled = field("order").disabled = Boolean(state.near);
    const first = (state.page - 1) * CARDS;
    cards.replaceChildren(...rows.slice(first, first + CARDS).map(card));
  }

  function change(values) {
    const page = state.page;
    Object.assign(state, values);
    draw();
    writeHash();
    if (state.page !== page || "near" in values) window.scrollTo(0, 0);
  }

  function isTyping(target) {
    return ["INPUT", "SELECT", "TEXTAREA"].includes(target.tagName);
  }

  function onKey(event) {
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    if (isTyping(event.target)) {
      if (event.key === "Escape") event.target.blur();
      return;
    }
    if (event.key === "/") {
      event.preventDefault();
      field("search").focus();
    } else if (event.key === "ArrowLeft" && state.page > 1) change({ page: state.page - 1 });
    else if (event.key === "ArrowRight") change({ page: state.page + 1 });
  }

  function fill(name, options) {
    for (const option of options) field(name).append(element("option", { value: option }, option));
  }

  function prepare() {
    fill("group", data.groups);
    fill("attribute", data.attributes);
    const isKnown = (values) => values.some((value) => value !== null);
    field("truth-field").hidden = !isKnown(data.right);
    for (const option of Array.from(field("sort").options)) if (!isKnown(data[option.value])) option.remove();
    for (const name of FIELDS) {
      field(name).addEventListener(name === "search" ? "input" : "change", () => {
        const values = { page: 1, near: "", [name]: field(name).value };
        if (name === "sort") values.order = field("sort").selectedOptions[0].dataset.order;
        change(values);
      });
    }
    field("controls").addEventListener("submit", (event) => event.preventDefault());
    field("clear").addEventListener("click", () => {
      for (const name of FIELDS) state[name] = "";
      change({ sort: "similarity", order: "desc", near: "", page: 1 });
    });
    document.addEventListener("keydown", onKey);
    const follow = () => { readHash(); draw(); };
    window.addEventListener("hashchange", follow);
    window.addEventListener("popstate", follow);
    field("controls").hidden = false;
  }

  prepare();
  readHash();
  draw();
})();
