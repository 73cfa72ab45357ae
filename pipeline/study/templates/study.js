/* One questionnaire: consent, questions one by one, answers kept in the browser, downloaded, and sent to a collector. */
"use strict";
(function () {
  const study = window.SANE_STUDY;
  const COLUMNS = ["study", "protocol", "session", "form", "group", "position", "question", "choice", "seconds"];
  const SIDES = ["left", "right"];
  const KEY = "sane-study-" + study.study;
  const byId = (id) => document.getElementById(id);
  let state = null;
  let shownAt = 0;
  let collects = false;
  let sending = false;

  /* Some browsers keep nothing for pages from disk, and say so by throwing. */
  const storage = (function () {
    try {
      window.localStorage.setItem(KEY + "-test", "1");
      window.localStorage.removeItem(KEY + "-test");
      return window.localStorage;
    } catch (error) {
      return null;
    }
  })();

  function keep() {
    try {
      if (storage) storage.setItem(KEY, JSON.stringify(state));
    } catch (error) {
      byId("no-storage").hidden = false;
    }
  }

  function forget() {
    state = null;
    if (storage) storage.removeItem(KEY);
  }

  /* What is kept is believed only where it fits this study. */
  function recalled() {
    let kept = null;
    try {
      kept = storage ? JSON.parse(storage.getItem(KEY)) : null;
    } catch (error) {
      return null;
    }
    const form = kept && study.forms[kept.form];
    const fits = form && /^[0-9a-f]{16}$/.test(kept.session) && study.groups.includes(kept.group) &&
      Array.isArray(kept.answers) && kept.answers.length <= form.length && Number.isInteger(kept.sent) &&
      kept.sent >= 0 && kept.sent <= kept.answers.length &&
      kept.answers.every((answer) => answer && SIDES.includes(answer.choice) && answer.seconds >= 0);
    return fits ? kept : null;
  }

  function newSession() {
    const bytes = window.crypto.getRandomValues(new Uint8Array(8));
    return Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");
  }

  /* The form that the link names (#form=3), else the one that the collector wants filled next, else one at random. */
  async function chooseForm() {
    const named = /^#form=([0-9]{1,6})$/.exec(window.location.hash);
    const isNamed = named && Number(named[1]) >= 1 && Number(named[1]) <= study.forms.length;
    const told = await askCollector(isNamed ? "collects" : "form");
    if (isNamed) return Number(named[1]) - 1;
    if (told && Number.isInteger(told.form) && study.forms[told.form - 1]) return told.form - 1;
    return Math.floor(Math.random() * study.forms.length);
  }

  /* "form" hands out a form, "collects" only tells whether there is a collector. */
  async function askCollector(what) {
    if (!/^https?:$/.test(window.location.protocol)) return null;
    try {
      const answer = await fetch(what + "?study=" + study.study, { cache: "no-store" });
      if (!answer.ok) return null;
      const told = await answer.json();
      collects = told.study === study.study;
      return told;
    } catch (error) {
      return null;
    }
  }

  function show(section) {
    for (const name of ["intro", "ask", "end", "gone"]) byId(name).hidden = name !== section;
    window.scrollTo(0, 0);
  }

  function element(tag, content, className) {
    const made = document.createElement(tag);
    if (content) made.textContent = content;
    if (className) made.className = className;
    return made;
  }

  function figure(file, caption, alt, small) {
    const made = element("figure");
    const image = element("img");
    image.src = file;
    image.alt = alt;
    made.append(image);
    if (caption) {
      const text = element("figcaption", caption);
      if (small) text.append(element("small", small));
      made.append(text);
    }
    return made;
  }

  function optionLabel(option, place) {
    const label = element("label", "", "option");
    const input = element("input");
    input.type = "radio";
    input.name = "choice";
    input.value = SIDES[place];
    label.append(input);
    if (!option.image) {
      label.append(element("b", option.text));
      return label;
    }
    label.append(figure(option.image, option.caption, "Item " + option.caption));
    if (option.map) {
      const alt = "Item A; brighter places matter more to its match with " + option.caption;
      label.append(figure(option.map, "A, matched with " + option.caption, alt, "bright: matters most"));
    }
    if (option.text) {
      const told = element("span", "", "told");
      told.append(element("small", "said to explain A with " + option.caption), element("strong", option.text));
      label.append(told);
    }
    return label;
  }

  function ask() {
    const form = study.forms[state.form];
    const place = state.answers.length;
    if (place >= form.length) {
      finish();
      return;
    }
    const question = study.questions[form[place]];
    byId("count").textContent = "Question " + (place + 1) + " of " + form.length;
    byId("progress").max = form.length;
    byId("progress").value = place;
    byId("note").textContent = question.note || "";
    byId("note").hidden = !question.note;
    byId("figures").replaceChildren(
      ...question.figures.map((one) => figure(one.image, one.caption, "Item " + one.caption)));
    byId("options").replaceChildren(...question.options.map(optionLabel));
    byId("question-error").textContent = "";
    show("ask");
    byId("prompt").focus();
    shownAt = performance.now();
  }

  function answer(event) {
    event.preventDefault();
    const chosen = document.querySelector('input[name="choice"]:checked');
    if (!chosen) {
      byId("question-error").textContent = "Please choose one of the two.";
      return;
    }
    state.answers.push({ choice: chosen.value, seconds: Math.round(performance.now() - shownAt) / 1000 });
    keep();
    ask();
    send();
  }

  function cell(value) {
    const text = String(value);
    return /[",\r\n]/.test(text) ? '"' + text.replace(/"/g, '""') + '"' : text;
  }

  function rows(from) {
    return state.answers.slice(from).map((given, offset) => {
      const place = from + offset;
      return [study.study, study.protocol, state.session, state.form + 1, state.group, place + 1,
        study.forms[state.form][place], given.choice, given.seconds.toFixed(3)].map(cell).join(",") + "\n";
    }).join("");
  }

  /* What was not sent stays in the browser, and goes with the next answer. */
  async function send() {
    if (!collects || sending || !state || state.sent >= state.answers.length) return;
    const session = state.session;
    const until = state.answers.length;
    sending = true;
    try {
      const reply = await fetch("answers", {
        method: "POST", headers: { "Content-Type": "text/csv" }, body: rows(state.sent) });
      if (reply.ok && state && state.session === session) {
        state.sent = until;
        keep();
      }
    } catch (error) {
      /* Tried again with the next answer, and at the end by hand. */
    }
    sending = false;
    tellSaved();
    if (state && state.session === session && state.sent >= until) send();
  }

  function tellSaved() {
    if (!state) return;
    const open = state.answers.length - state.sent;
    if (!collects) byId("saved").textContent = "Please download your answers and hand them to whoever runs the study.";
    else if (open) byId("saved").textContent = open + " of your answers could not be sent yet. Try again, or download them.";
    else byId("saved").textContent = "All your answers were received. You may close this page.";
    byId("send").hidden = !(collects && open);
  }

  function finish() {
    const link = byId("download");
    if (link.href.startsWith("blob:")) URL.revokeObjectURL(link.href);
    link.href = URL.createObjectURL(new Blob([COLUMNS.join(",") + "\n" + rows(0)], { type: "text/csv" }));
    link.download = "answers-" + study.protocol + "-" + state.session + ".csv";
    byId("session").textContent = state.session;
    tellSaved();
    show("end");
    byId("end-title").focus();
  }

  async function start(event) {
    event.preventDefault();
    const group = document.querySelector('input[name="group"]:checked');
    const error = !group ? "Please choose a group." :
      !byId("consent").checked ? "Please say that you take part, or close this page." : "";
    byId("start-error").textContent = error;
    if (error || state) return;
    state = { session: newSession(), form: 0, group: study.groups[Number(group.value)], answers: [], sent: 0 };
    state.form = await chooseForm();
    keep();
    ask();
  }

  function restart() {
    forget();
    byId("start").reset();
    show("intro");
    byId("intro").querySelector("input").focus();
  }

  function withdraw() {
    if (!window.confirm("Stop, and delete the answers that you gave?")) return;
    const sent = state.sent;
    const session = state.session;
    forget();
    byId("gone-text").textContent = sent
      ? "Some had been sent already. Whoever runs the study deletes them if you name this code: " + session
      : "Nothing had been sent.";
    show("gone");
    byId("gone-title").focus();
  }

  function pressed(event) {
    if (byId("ask").hidden || event.ctrlKey || event.altKey || event.metaKey) return;
    const inputs = document.querySelectorAll('input[name="choice"]');
    const place = ["1", "2"].indexOf(event.key);
    if (place >= 0) {
      inputs[place].checked = true;
      inputs[place].focus();
      byId("question-error").textContent = "";
    } else if (event.key === "Enter" && !/^(BUTTON|INPUT|A)$/.test(event.target.tagName)) {
      event.preventDefault();
      byId("question").requestSubmit();
    }
  }

  byId("start").addEventListener("submit", start);
  byId("question").addEventListener("submit", answer);
  byId("options").addEventListener("change", () => { byId("question-error").textContent = ""; });
  byId("withdraw").addEventListener("click", withdraw);
  byId("send").addEventListener("click", send);
  byId("another").addEventListener("click", restart);
  byId("again").addEventListener("click", restart);
  document.addEventListener("keydown", pressed);
  window.addEventListener("beforeunload", (event) => {
    if (!storage && state && state.answers.length < study.forms[state.form].length) event.preventDefault();
  });
  byId("no-storage").hidden = storage !== null;
  state = recalled();
  if (state) {
    ask();
    askCollector("collects").then(send).then(tellSaved);
  }
})();
