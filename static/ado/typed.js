/*
 * Keeps what was sent while the house asks again who one is, and puts it back where that page is left for this one
 * (teams.middleware): the version too that it was based on, so that whoever changed the same meanwhile is not written
 * over. Only in this tab, only until the next page or sign-in, and neither secrets nor files.
 */
(() => {
  "use strict";

  const KEPT = "typed";
  const BACK = "#typed";
  const ASKING = /^\/confirm\//;
  const SIGNING_IN = /^\/login\//;
  const NEVER = ["password", "file", "submit", "button", "image", "reset"];
  const SECRET = /^(csrfmiddlewaretoken|credential)$/;
  const ROWS = 100;

  const isSecret = (field) => (
    SECRET.test(field.name) || /password|one-time/.test(field.autocomplete) || "secret" in field.dataset
  );

  const isKept = (field) => field.name && !isSecret(field) && !NEVER.includes(field.type);

  /** What is to be typed once more: a secret that was filled in is not kept, and its field shows what was there before. */
  function missing(form) {
    const filled = [...form.elements].filter((field) => "secret" in field.dataset && field.value !== field.defaultValue);
    return filled.map((field) => field.labels?.[0]?.textContent.replace("*", "").trim() || field.name);
  }

  /** The forms that are sent to the same address; there may be several. */
  const alike = (action) => [...document.forms].filter((each) => each.method === "post" && target(each) === action);

  const target = (form) => form.action.split("#")[0];

  function stateOf(field) {
    const { name, type, value, checked } = field;
    return { name, type, value, checked, chosen: [...(field.selectedOptions ?? [])].map((option) => option.value) };
  }

  function keep(event) {
    const form = event.target;
    if (form.method !== "post" || ASKING.test(location.pathname) || SIGNING_IN.test(location.pathname)) return;
    const fields = [...form.elements].filter(isKept).map(stateOf);
    try {
      const place = alike(target(form)).indexOf(form);
      const kept = { page: location.pathname, action: target(form), place, fields, missing: missing(form) };
      sessionStorage.setItem(KEPT, JSON.stringify(kept));
    } catch {
      // More than a browser keeps: then nothing is kept.
    }
  }

  /** The field of that state; of a set of rows that had more of them, with as many added. */
  function fieldOf(form, state) {
    const isOneOfSeveral = ["radio", "checkbox"].includes(state.type);
    const find = () => [...form.elements].find(
      (field) => field.name === state.name && (!isOneOfSeveral || field.value === state.value),
    );
    const [row, rows] = /^(.+)-\d+-/.exec(state.name) ?? [];
    const isThere = () => [...form.elements].some((field) => field.name.startsWith(row));
    for (let tries = 0; row && !isThere() && tries < ROWS; tries += 1) {
      const add = document.getElementById(`${rows}-group`)?.querySelector("a.add-row");
      if (!add) break;
      add.click();
    }
    return find();
  }

  function putBack(field, state) {
    if (["radio", "checkbox"].includes(field.type)) field.checked = state.checked;
    else if (field.options) for (const option of field.options) option.selected = state.chosen.includes(option.value);
    else field.value = state.value;
    if (state.type === "hidden") return;
    for (const name of ["input", "change"]) field.dispatchEvent(new Event(name, { bubbles: true }));
  }

  function say(form, lost, missing) {
    const said = document.createElement("p");
    said.className = "notice font-semibold mb-3";  // as the pages look, and as the admin does
    said.setAttribute("role", "status");
    said.textContent = "What you typed is here again. It is not sent yet.";
    if (lost.length) said.textContent += ` There is no place for this any more: ${lost.join(", ")}.`;
    if (missing.length) said.textContent += ` Type once more, for it is not kept: ${missing.join(", ")}.`;
    form.prepend(said);
    form.closest("details")?.setAttribute("open", "");
    said.scrollIntoView({ block: "center" });
  }

  /** What a person would call the value that has no field any more; empty for what nobody typed. */
  function wordsOf(state) {
    if (state.type === "hidden" || state.name.includes("__prefix__") || (["radio", "checkbox"].includes(state.type) && !state.checked)) return "";
    return state.value ? `${state.name} “${state.value}”` : "";
  }

  function restore() {
    if (ASKING.test(location.pathname)) return;
    const kept = JSON.parse(sessionStorage.getItem(KEPT) ?? "null");
    sessionStorage.removeItem(KEPT);
    if (location.hash !== BACK) return;
    history.replaceState(null, "", location.pathname + location.search);
    const form = kept && alike(kept.action)[kept.place];
    const isTyped = kept?.missing.length || kept?.fields.some((state) => state.type !== "hidden");
    if (!form || !isTyped || kept.page !== location.pathname) return;
    const lost = [];
    // First what was typed, which may add rows; then what the page keeps for itself: versions, numbers, counts.
    const byKind = [(state) => state.type !== "hidden", (state) => state.type === "hidden"];
    for (const state of byKind.flatMap((isOne) => kept.fields.filter(isOne))) {
      const field = fieldOf(form, state);
      if (field) putBack(field, state);
      else if (wordsOf(state)) lost.push(wordsOf(state));
    }
    say(form, lost, kept.missing);
  }

  document.addEventListener("submit", keep);
  window.addEventListener("load", () => setTimeout(restore));  // after what the admin makes of its rows then
})();
