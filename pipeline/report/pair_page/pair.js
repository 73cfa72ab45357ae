// The page of one pair: choosing a map, how much it covers, lighting up what goes together, and keys.
"use strict";
(() => {
  const page = document.getElementById("pair");
  for (const control of page.querySelectorAll(".scripted")) control.hidden = false;

  // Maps: the one that is chosen lies over the large picture of the query, and its curves are drawn strongly.
  const choices = [...page.querySelectorAll('input[name="map"]')];
  const shown = document.getElementById("map");
  const show = (choice) => {
    const { source, words, name, caution } = choice.dataset;
    const warning = document.getElementById("map-caution");
    warning.textContent = caution;
    warning.hidden = caution === "";
    shown.hidden = source === "";
    if (source !== "") shown.src = source;
    shown.alt = words;
    document.getElementById("map-name").textContent = name;
    const curves = [...page.querySelectorAll(".curve")];
    for (const curve of curves) curve.classList.toggle("chosen", curve.dataset.map === choice.value);
    const curveName = document.getElementById("curve-name");
    if (curveName !== null) {
      const isDrawn = curves.some((curve) => curve.dataset.map === choice.value);
      curveName.textContent = isDrawn ? name : `none (${name} has no curves)`;
    }
  };
  for (const choice of choices) choice.addEventListener("change", () => show(choice));
  // A browser that comes back to the page may have kept another choice.
  const kept = choices.find((choice) => choice.checked);
  if (kept !== undefined) show(kept);

  const slider = document.getElementById("opacity");
  const cover = () => page.style.setProperty("--opacity", String(slider.valueAsNumber / 100));
  if (slider !== null) {
    slider.addEventListener("input", cover);
    cover();
  }

  // Parts of the match: the one that is pointed at, has the focus, or was pressed, and its other side.
  const members = [...page.querySelectorAll("[data-part]")];
  const parts = document.getElementById("parts");
  let pressed = null;
  const light = (part) => {
    const lit = part ?? pressed;
    parts.classList.toggle("lighting", lit !== null);
    for (const member of members) {
      member.classList.toggle("lit", member.dataset.part === lit);
      if (member.getAttribute("role") === "button") member.setAttribute("aria-pressed", String(member.dataset.part === pressed));
    }
  };
  const press = (part) => {
    pressed = pressed === part ? null : part;
    light(pressed);
  };
  for (const member of members) {
    const { part } = member.dataset;
    member.addEventListener("pointerenter", () => light(part));
    member.addEventListener("pointerleave", () => light(null));
    member.addEventListener("focus", () => light(part));
    member.addEventListener("blur", () => light(null));
    member.addEventListener("click", () => press(part));
    member.addEventListener("keydown", (event) => {
      if (event.key !== "Enter" && event.key !== " ") return;
      event.preventDefault();
      press(part);
    });
  }
  if (parts !== null) light(null);

  // The view of the gallery that the page was opened from: its state is in the address, and neighbours follow its order.
  const loaded = (source) => new Promise((resolve, reject) => {
    const script = document.createElement("script");
    Object.assign(script, { src: source, onload: resolve, onerror: reject });
    document.head.append(script);
  });
  const entry = (words, properties) => {
    const made = document.createElement("li");
    made.append(Object.assign(document.createElement("a"), { textContent: words, ...properties }));
    return made;
  };
  const followView = async (hash) => {
    await Promise.all(["../data/gallery.js", "../data/pages.js", "../assets/pair_list.js"].map(loaded));
    const list = window.pairList(window.galleryData, window.pairPages);
    const view = list.read(hash);
    const all = list.rows(view);
    const here = list.rowOf.get(/([0-9a-f]{16})\.html$/.exec(window.location.pathname)?.[1]);
    if (!all.includes(here)) return;
    const rows = all.filter(list.hasPage);
    const place = rows.indexOf(here);
    const links = document.querySelector('nav.site ul[aria-label="Pairs"]');
    const to = (row) => (row === undefined ? null : `${window.galleryData.id[row]}.html${hash}`);
    const [before, after] = [to(rows[place - 1]), to(rows[place + 1])];
    const back = list.hash({ ...view, page: Math.floor(all.indexOf(here) / list.CARDS) + 1 });
    const words = `Back to the list (${(place + 1).toLocaleString("en")} of ${rows.length.toLocaleString("en")})`;
    links.replaceChildren(entry(words, { id: "list", href: `../gallery.html${back ? `#${back}` : ""}` }));
    if (before !== null) links.append(entry("← Previous pair", { id: "previous", rel: "prev", href: before }));
    if (after !== null) links.append(entry("Next pair →", { id: "next", rel: "next", href: after }));
  };
  // Where the list cannot be read, the links stay as they are.
  const followed = /^#in=gallery(&|$)/.test(window.location.hash) ? followView(window.location.hash).catch(() => {}) : null;

  // Keys: left and right lead to other pairs, up and down to other maps where the pictures have the focus.
  const go = async (id) => {
    await followed;
    const link = document.getElementById(id);
    if (link !== null) window.location.assign(link.href);
  };
  const step = (by) => {
    const now = choices.findIndex((choice) => choice.checked);
    const next = choices[(now + by + choices.length) % choices.length];
    next.checked = true;
    next.focus();
    show(next);
  };
  document.addEventListener("keydown", (event) => {
    if (event.altKey || event.ctrlKey || event.metaKey || event.shiftKey) return;
    const inMaps = event.target.closest?.('section[aria-labelledby="maps"]') != null;
    if (event.target.type === "range") return;
    if ((event.key === "ArrowUp" || event.key === "ArrowDown") && inMaps && choices.length > 0) {
      event.preventDefault();
      step(event.key === "ArrowDown" ? 1 : -1);
    } else if (event.key === "ArrowLeft" || event.key === "ArrowRight") {
      // In the list of maps too: the browser would move to the next map.
      if (event.target.closest?.(".wide") != null) return;
      event.preventDefault();
      go(event.key === "ArrowLeft" ? "previous" : "next");
    }
  });
})();
