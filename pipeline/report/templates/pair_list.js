/* Which pairs a view of the gallery shows, and in which order: for gallery.html and for the pages of pairs.
   A view is told by the hash of an address, so that it can be linked without a server. */
"use strict";
window.pairList = (data, pages) => {
  const FIELDS = ["search", "sort", "order", "group", "attribute", "answer", "sure", "truth", "from", "to"];
  const NAMES = { search: "q" };
  const CHOICES = { answer: ["yes", "no"], sure: data.levels, truth: ["right", "wrong", "unknown"] };
  const SORTS = ["similarity", "effect", "replaced", "probability", "disagreement", "insertion", "regret"]
    .filter((name) => data[name].some((value) => value !== null));
  const USUAL = { sort: SORTS[0] || "similarity", order: "desc" };
  const rowOf = new Map(data.id.map((id, row) => [id, row]));
  const paged = new Set();
  for (let at = 0; at < pages.length; at += 16) paged.add(pages.slice(at, at + 16));
  let imageTexts = null;

  function read(hash) {
    const given = new URLSearchParams(hash.replace(/^#/, ""));
    const state = { page: Math.max(1, Math.floor(Number(given.get("page"))) || 1), near: given.get("near") || "", among: given.get("among") === "strangest" ? "strangest" : "" };
    for (const name of FIELDS) state[name] = given.get(NAMES[name] || name) || "";
    if (!SORTS.includes(state.sort)) state.sort = USUAL.sort;
    if (state.order !== "asc") state.order = USUAL.order;
    if (!rowOf.has(state.near)) state.near = "";
    if (!data.groups.includes(state.group)) state.group = "";
    if (!data.attributes.includes(state.attribute)) state.attribute = "";
    for (const [name, known] of Object.entries(CHOICES)) if (!known.includes(state[name])) state[name] = "";
    for (const end of ["from", "to"]) if (!Number.isFinite(Number(state[end]))) state[end] = "";
    return state;
  }

  /* Fields that are not as usual. */
  function chosen(state) {
    return FIELDS.filter((name) => state[name] && state[name] !== USUAL[name]);
  }

  function hash(state) {
    const kept = new URLSearchParams();
    for (const name of chosen(state)) kept.set(NAMES[name] || name, state[name]);
    if (state.near) kept.set("near", state.near);
    if (state.among) kept.set("among", state.among);
    if (state.page > 1) kept.set("page", String(state.page));
    return kept.toString();
  }

  function labels(image) {
    return data.labelSets[data.images.attributes[image]].map((row) => data.labels[row]);
  }

  /* Return whether a text has a word that begins like this one, both in lower case; digits are found anywhere. */
  function begins(text, word) {
    for (let at = text.indexOf(word); at >= 0; at = text.indexOf(word, at + 1)) {
      if (/^\d/.test(word) || at === 0 || !/[\p{L}\p{N}]/u.test(text[at - 1])) return true;
    }
    return false;
  }

  /* Return whether a pair has a word, in lower case, in an id, its class or types, its answer or a label of an image. */
  function finder(text) {
    if (imageTexts === null) {
      const images = data.images;
      imageTexts = images.id.map((id, row) => [id, images.label[row], ...labels(row)].join("\n").toLowerCase());
    }
    const holds = (value) => begins(value.toLowerCase(), text);
    const images = imageTexts.map((value) => begins(value, text));
    const groups = data.groups.map(holds), attributes = data.attributes.map(holds);
    return (row) => images[data.query[row]] || images[data.reference[row]] || groups[data.group[row]]
      || attributes[data.attribute[row]] || (text.length > 5 && data.id[row].startsWith(text));
  }

  /* What is searched for: pairs must have every word. */
  const words = (state) => state.search.toLowerCase().split(/\s+/).filter(Boolean);

  function filters(state) {
    const tests = [];
    if (state.group) { const at = data.groups.indexOf(state.group); tests.push((row) => data.group[row] === at); }
    if (state.attribute) { const at = data.attributes.indexOf(state.attribute); tests.push((row) => data.attribute[row] === at); }
    if (state.answer) tests.push((row) => (data.attribute[row] >= 0) === (state.answer === "yes"));
    if (state.sure) { const at = data.levels.indexOf(state.sure); tests.push((row) => data.sure[row] === at); }
    const wanted = { right: true, wrong: false, unknown: null };
    if (state.truth) tests.push((row) => data.right[row] === wanted[state.truth]);
    if (state.from !== "" || state.to !== "") {
      const from = state.from === "" ? -Infinity : Number(state.from), to = state.to === "" ? Infinity : Number(state.to);
      tests.push((row) => data.similarity[row] !== null && data.similarity[row] >= from && data.similarity[row] <= to);
    }
    tests.push(...words(state).map(finder));
    return tests;
  }

  function sorted(rows, state) {
    const values = data[state.sort];
    const sign = state.order === "asc" ? 1 : -1;
    /* Unknown values come last whichever way the others go; equal ones keep the order of the table. */
    return rows.sort((a, b) => {
      const one = values[a], other = values[b];
      if (one === null || other === null) return (one === null) - (other === null) || a - b;
      return sign * (one - other) || a - b;
    });
  }

  /* Return the rows of the pairs, in order; of a view of pairs like one, that one first and then the nearest; of the
     strangest ones, these as the overview has them. */
  function rows(state) {
    const near = rowOf.get(state.near);
    const isListed = near !== undefined || Boolean(state.among);
    const among = near !== undefined ? [near].concat(data.nearest[near] || [])
      : state.among ? data.strangest : Array.from(data.id.keys());
    const tests = filters(state);
    const found = among.filter((row) => tests.every((test) => test(row)));
    return isListed ? found : sorted(found, state);
  }

  const clear = () => read("");
  return { begins, words, FIELDS, SORTS, CARDS: 48, read, hash, chosen, clear, labels, rows, rowOf, hasPage: (row) => paged.has(data.id[row]) };
};
