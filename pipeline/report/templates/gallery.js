/* Draws the pairs of gallery.html from window.galleryData: 48 a page, sorted, filtered and searched by pair_list.js.
   The state is the page's hash, so that a view can be linked. All text goes in as text, never as markup. */
"use strict";
(function () {
  const data = window.galleryData;
  const list = window.pairList(data, window.pairPages || "");
  const { CARDS, FIELDS } = list;
  const pairs = data.id.length;
  const field = (name) => document.getElementById(name);
  const cards = field("cards");
  let state = {};

  function writeHash() {
    const hash = list.hash(state);
    if (hash !== location.hash.slice(1)) history.pushState(null, "", hash ? "#" + hash : location.pathname + location.search);
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

  function contradiction(row) {
    const further = data.replaced[row];
    const tested = "with images in the query\u2019s place that lack it, the similarity ";
    return further === null ? tested + "does not fall"
      : tested + "is " + number(-further, 3) + " higher than with images as far away that have it";
  }

  /* What the search found where it does not stand on the card: labels of the images. */
  function foundLabels(row) {
    const words = list.words(state);
    const isFound = (label) => words.some((word) => list.begins(label.toLowerCase(), word));
    const found = (image) => list.labels(image).filter(isFound).join(", ");
    const sides = [["query", found(data.query[row])], ["reference", found(data.reference[row])]];
    return sides.filter((side) => side[1]).map((side) => side[0] + " labelled " + side[1]).join("; ");
  }

  function answerLine(row) {
    const line = element("p", { className: "answer" });
    if (data.heading[row] < 0) {
      line.append("This run has no answer for this pair");
      return line;
    }
    line.append(element("b", {}, data.headings[data.heading[row]]));
    if (data.attribute[row] < 0) return line;
    if (data.right[row] !== null) {
      const isRight = data.right[row];
      line.append(", ", element("span", { className: isRight ? "truth right" : "truth wrong", title: isRight
        ? "it has at least 90 % of the strongest true effect" : "another attribute truly matters more" }, isRight ? "right" : "wrong"));
    }
    const ends = data.low[row] === null ? "" : " [" + number(data.low[row], 3) + ", " + number(data.high[row], 3) + "]";
    line.append(element("span", { className: "more" }, "without it the similarity is expected to fall by " + number(data.effect[row], 3) + ends
      + (data.probability[row] === null ? "" : "; probability " + percent(data.probability[row]))
      + (data.together[row] ? "; shown over all pairs, not for this one alone" : "")));
    if (data.levels[data.sure[row]] === "contradicted" && !data.measured[row]) line.append(element("span", { className: "more contradicted" }, contradiction(row)));
    return line;
  }

  function card(row) {
    const images = data.images, query = data.query[row], reference = data.reference[row], id = data.id[row];
    const labels = images.label[query] === images.label[reference] ? images.label[query]
      : images.label[query] + " and " + images.label[reference];
    /* The page of the pair leads on within this view. */
    const view = list.hash({ ...state, page: 1 });
    const address = "pairs/" + id + ".html#in=gallery" + (view ? "&" + view : "");
    const title = list.hasPage(row) ? element("a", { href: address }, labels) : labels;
    const place = data.bright[row] < 0 ? "without a map" : "under its map, brightest " + data.places[data.bright[row]];
    const pictures = element("div", { className: "duo" },
      picture("query-" + id + ".jpg", "query " + images.id[query] + " " + place),
      picture("image-" + images.name[reference] + ".jpg", "reference " + images.id[reference]));
    const facts = [["similarity", number(data.similarity[row], 3)]];
    if (data.sure[row] >= 0) facts.push(["how sure", data.levels[data.sure[row]]]);
    if (data.disagreement[row] !== null) facts.push(["methods disagree", percent(data.disagreement[row])]);
    if (data.insertion[row] !== null) facts.push(["insertion", number(data.insertion[row], 2)]);
    if (data.regret[row] !== null) facts.push(["regret", number(data.regret[row], 3)]);
    const figures = element("dl", { className: "pair-facts" });
    for (const [name, value] of facts) figures.append(element("div", {}, element("dt", {}, name), element("dd", {}, value)));
    const made = element("article", { className: "pair-card" }, element("h3", {}, title), pictures, answerLine(row), figures,
      element("p", { className: "ids" }, images.id[query], element("br"), images.id[reference]));
    const found = foundLabels(row);
    if (found) made.append(element("p", { className: "ids" }, found));
    if ((data.nearest[row] || []).length) {
      const button = element("button", { type: "button", title: "pairs whose queries and references are nearest to these for the model" }, "Pairs like this");
      button.setAttribute("aria-label", "Pairs like " + images.id[query] + " and " + images.id[reference]);
      button.addEventListener("click", () => change({ ...list.clear(), near: id }));
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
      bar.hidden = rows.length === 0;
    }
  }

  /* What a field is set to, as the form says it. */
  function words(name) {
    const control = field(name);
    const value = control.tagName === "SELECT" ? control.selectedOptions[0].textContent : "\u201c" + state[name].trim() + "\u201d";
    const label = { search: "search", from: "similarity from", to: "similarity to" }[name];
    return (label || control.labels[0].textContent.toLowerCase()) + " " + value;
  }

  /* Say what leaves no pair, and how many of the fields that fold away on a phone are set. */
  function tell(rows) {
    const chosen = list.chosen(state);
    const folded = chosen.filter((name) => name !== "search").length;
    field("chosen").textContent = folded ? " (" + folded + " set)" : "";
    field("nothing").hidden = rows.length > 0;
    const asked = chosen.filter((name) => name !== "sort" && name !== "order").map(words);
    field("asked").textContent = (asked.length ? "No pair fits " + (asked.length > 1 ? "all of: " : "") + asked.join(", ") : "There is no such pair") + "."
      + (state.from !== "" && state.to !== "" && Number(state.from) > Number(state.to) ? " \u201cfrom\u201d is above \u201cto\u201d." : "");
  }

  function draw() {
    const rows = list.rows(state);
    paging(rows);
    for (const name of FIELDS) if (field(name).value !== state[name]) field(name).value = state[name];
    const near = state.near ? data.images.id[data.query[list.rowOf.get(state.near)]] : "";
    field("found").textContent = rows.length.toLocaleString("en") + (rows.length === 1 ? " pair" : " pairs")
      + (state.near ? ", nearest to " + near : state.among ? ": the strangest, as on the overview" : rows.length === pairs ? "" : " of " + pairs.toLocaleString("en"));
    field("found").hidden = false;
    tell(rows);
    field("sort").disabled = field("order").disabled = Boolean(state.near || state.among);
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
    fill("sure", data.levels.filter((_, level) => data.sure.includes(level)));
    const isKnown = (values) => values.some((value) => value !== null);
    field("truth-field").hidden = !isKnown(data.right);
    field("sure-field").hidden = !data.sure.some((level) => level >= 0);
    for (const option of Array.from(field("sort").options)) if (!list.SORTS.includes(option.value)) option.remove();
    for (const name of FIELDS) {
      field(name).addEventListener(name === "search" ? "input" : "change", () => {
        const values = { page: 1, near: "", among: "", [name]: field(name).value };
        if (name === "sort") values.order = field("sort").selectedOptions[0].dataset.order;
        change(values);
      });
    }
    field("controls").addEventListener("submit", (event) => event.preventDefault());
    for (const name of ["clear", "clear-all"]) field(name).addEventListener("click", () => change(list.clear()));
    /* On a phone the first card would stand below all these fields. */
    const isWide = window.matchMedia("(min-width: 721px)");
    const fold = () => { field("filters").open = isWide.matches; };
    isWide.addEventListener("change", fold);
    fold();
    document.addEventListener("keydown", onKey);
    const follow = () => { state = list.read(location.hash); draw(); };
    window.addEventListener("hashchange", follow);
    window.addEventListener("popstate", follow);
    field("controls").hidden = false;
  }

  prepare();
  state = list.read(location.hash);
  draw();
})();
