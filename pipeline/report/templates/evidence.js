/* Folds of evidence.html: a link to a section opens it, two buttons open and close all, paper gets all of them open. */
"use strict";
(function () {
  const folds = Array.from(document.querySelectorAll("main section > details"));

  function openNamed() {
    const name = decodeURIComponent(location.hash.slice(1));
    const section = name === "" ? null : document.getElementById(name);
    const fold = section === null ? null : section.closest("section")?.querySelector("details");
    if (!fold) return;
    fold.open = true;
    section.scrollIntoView();
  }

  function setAll(isOpen) {
    for (const fold of folds) fold.open = isOpen;
  }

  document.getElementById("open-all").addEventListener("click", () => setAll(true));
  document.getElementById("close-all").addEventListener("click", () => setAll(false));
  /* A click on a link to the section that the address names already changes no hash. */
  document.querySelector("nav[aria-label='Contents']").addEventListener("click", (event) => {
    if (event.target.closest("a")?.hash === location.hash) openNamed();
  });
  window.addEventListener("hashchange", openNamed);

  let closed = [];
  window.addEventListener("beforeprint", () => {
    closed = folds.filter((fold) => !fold.open);
    setAll(true);
  });
  window.addEventListener("afterprint", () => {
    for (const fold of closed) fold.open = false;
  });

  document.querySelector(".fold-all").hidden = false;
  openNamed();
})();
