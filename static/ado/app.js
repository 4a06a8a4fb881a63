/* Makes pages livelier than HTML alone; nothing on them depends on it. */
(() => {
  "use strict";

  const UNITS = [["d", 86400], ["h", 3600], ["min", 60]];

  /** "1 h 20 min" of a number of seconds: the two largest units that say something. */
  function span(seconds) {
    if (seconds < 60) return `${Math.floor(seconds)} s`;
    const said = [];
    for (const [unit, length] of UNITS) {
      const number = Math.floor(seconds / length);
      seconds -= number * length;
      if (number) said.push(`${number} ${unit}`);
    }
    return said.slice(0, 2).join(" ");
  }

  /** "12:05" below an hour, "1:12:05" below a day, "2 d 4 h" above; late instants carry a plus sign. */
  function countdown(seconds) {
    const left = Math.abs(seconds);
    const sign = seconds < 0 ? "+" : "";
    if (left >= 86400) return sign + span(left);
    const pad = (number) => String(Math.floor(number)).padStart(2, "0");
    const hours = Math.floor(left / 3600);
    const clock = `${pad((left / 60) % 60)}:${pad(left % 60)}`;
    return sign + (hours ? `${hours}:${clock}` : clock);
  }

  function relative(seconds) {
    const left = Math.abs(seconds);
    if (left < 10) return "now";
    return seconds < 0 ? `${span(left)} ago` : `in ${span(left)}`;
  }

  function tick() {
    const now = Date.now();
    for (const time of document.querySelectorAll("time[data-countdown], time[data-relative]")) {
      const seconds = (Date.parse(time.dateTime) - now) / 1000;
      const text = "countdown" in time.dataset ? countdown(seconds) : relative(seconds);
      if (time.textContent !== text) time.textContent = text;
    }
    for (const clock of document.querySelectorAll("[data-clock]")) {
      const overdue = now >= Date.parse(clock.dataset.dueAt);
      clock.classList.toggle("overdue", overdue);
      clock.classList.toggle("warn", !overdue && now >= Date.parse(clock.dataset.warnAt));
    }
  }

  /* Theme: a cookie, so that the server sends the right one and nothing flashes. */
  const THEMES = { auto: "automatic", light: "light", dark: "dark" };
  const root = document.documentElement;

  function showTheme() {
    for (const name of document.querySelectorAll("[data-theme-name]")) {
      name.textContent = THEMES[root.dataset.theme] ?? THEMES.auto;
    }
  }

  function nextTheme() {
    const names = Object.keys(THEMES);
    root.dataset.theme = names[(names.indexOf(root.dataset.theme) + 1) % names.length];
    document.cookie = `theme=${root.dataset.theme}; path=/; max-age=31536000; samesite=lax`;
    showTheme();
  }

  async function copy(button) {
    await navigator.clipboard.writeText(button.dataset.copy);
    const use = button.querySelector("use");
    use.setAttribute("href", "#i-check");
    setTimeout(() => use.setAttribute("href", "#i-copy"), 1500);
  }

  /* Forms with data-confirm ask first, and send what was agreed to (data-agreed). */
  function confirmFirst(event) {
    const form = event.target;
    const question = form.dataset?.confirm;
    if (!question || form.dataset.confirmed) return;
    event.preventDefault();
    event.stopImmediatePropagation();
    const dialog = document.getElementById("confirm");
    const submitter = event.submitter;
    dialog.querySelector("h2").textContent = question;
    dialog.querySelector("[data-confirm-yes]").textContent = submitter?.textContent.trim() || "Continue";
    dialog.addEventListener("close", () => {
      if (dialog.returnValue !== "yes") return;
      form.dataset.confirmed = "yes";
      const value = form.dataset.agreed || "yes";
      form.append(Object.assign(document.createElement("input"), { type: "hidden", name: "confirmed", value }));
      form.requestSubmit(submitter);
    }, { once: true });
    dialog.returnValue = "";
    dialog.showModal();
  }

  /* The panels of a row of actions hang over the page like menus: Escape closes one, and so does a click beside it. */
  const PANELS = ".panels > details[open]";
  let pressed = null;

  function closePanelsBeside(event) {
    // Both ends of the click: a selection dragged out of a field ends outside and means no "away".
    const beside = (place, panel) => !panel.contains(place) && !place.closest("dialog");
    for (const panel of document.querySelectorAll(PANELS)) {
      if (beside(event.target, panel) && beside(pressed ?? event.target, panel)) panel.open = false;
    }
    pressed = null;
  }

  function closePanelByKey(event) {
    if (event.key !== "Escape" || document.querySelector("dialog[open]")) return;
    for (const panel of document.querySelectorAll(PANELS)) {
      panel.open = false;
      panel.querySelector("summary").focus();
    }
  }

  /* A part that refreshes itself waits while somebody is working in it. */
  function isInUse(part) {
    const field = document.activeElement;
    const typing = part.contains(field) && field.matches("input, select, textarea");
    return typing || part.querySelector("details[data-editing][open]") !== null;
  }

  /* What somebody folded or unfolded stays so when its part is refreshed. */
  const unfolded = new Map();

  function enliven(scope) {
    for (const details of scope.querySelectorAll("details[id]")) {
      if (unfolded.has(details.id)) details.open = unfolded.get(details.id);
    }
    for (const hidden of scope.querySelectorAll("[data-theme-switch], [data-copy], [data-print]")) hidden.hidden = false;
    showTheme();
    tick();
  }

  document.addEventListener("pointerdown", (event) => { pressed = event.target; });
  document.addEventListener("keydown", closePanelByKey);
  document.addEventListener("click", (event) => {
    closePanelsBeside(event);
    if (event.target.closest("[data-theme-switch]")) nextTheme();
    const button = event.target.closest("[data-copy]");
    if (button) copy(button);
    if (event.target.closest("[data-print]")) window.print();
  });
  document.addEventListener("submit", confirmFirst, true);
  document.addEventListener("htmx:beforeRequest", (event) => {
    const part = event.detail.elt;
    if (part.matches("[data-part]") && isInUse(part)) event.preventDefault();
  });
  document.addEventListener("htmx:beforeSwap", (event) => {
    for (const details of event.detail.target.querySelectorAll("details[id]")) unfolded.set(details.id, details.open);
  });
  document.addEventListener("htmx:afterSwap", (event) => enliven(event.detail.target.parentElement ?? document));

  /* A page that is no longer kept fresh says so: at night it looks alive and is not. */
  const failing = new Map(); // what asked in vain last, by its address, and why

  function showStale(event, why) {
    const address = (event.detail.pathInfo?.requestPath ?? "").split("?")[0];
    if (why) failing.set(address, why);
    else failing.delete(address);
    const notice = document.getElementById("stale");
    if (!notice) return;
    const reasons = [...failing.values()];
    const shown = reasons.includes("out") ? "out" : reasons[0];
    notice.hidden = !shown;
    for (const reason of notice.querySelectorAll("[data-stale]")) reason.hidden = reason.dataset.stale !== shown;
  }

  document.addEventListener("htmx:responseError", (event) => {
    showStale(event, { 401: "out", 403: "gone", 404: "gone" }[event.detail.xhr.status] ?? "away");
  });
  document.addEventListener("htmx:sendError", (event) => showStale(event, "away"));
  document.addEventListener("htmx:timeout", (event) => showStale(event, "away"));
  document.addEventListener("htmx:afterOnLoad", (event) => { if (event.detail.xhr.status < 400) showStale(event, ""); });

  /* A form that was refused is shown where it is wrong, however far down: who sees the top alone thinks it was saved. */
  function showWhatIsWrong() {
    if (location.hash) return;
    const wrong = document.querySelector("main form [aria-invalid=true], main form [role=alert], main form .error");
    const place = wrong?.getBoundingClientRect();
    if (!place || (place.top >= 0 && place.bottom <= window.innerHeight)) return;
    wrong.scrollIntoView({ block: "center" });
    if (wrong.matches("input, select, textarea")) wrong.focus({ preventScroll: true });
  }

  enliven(document);
  showWhatIsWrong();
  setInterval(tick, 1000);
})();
