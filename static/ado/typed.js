/*
 * Keeps what was typed while the house asks again who one is, and puts it back where that page is left for this one
 * (teams.middleware). Only in this tab, only until the next page, and neither secrets nor files.
 */
(() => {
  "use strict";

  const KEPT = "typed";
  const BACK = "#typed";
  const ASKING = /^\/(confirm|login)\//;
  const NEVER = ["password", "file", "hidden", "submit", "button", "image", "reset"];
  const ROWS = 100;

  const isKept = (field) => field.name && !NEVER.includes(field.type) && !/password|one-time/.test(field.autocomplete);

  function stateOf(field) {
    const { name, type, value, checked } = field;
    return { name, type, value, checked, chosen: [...(field.selectedOptions ?? [])].map((option) => option.value) };
  }

  function keep(event) {
    const form = event.target;
    if (form.method !== "post" || ASKING.test(location.pathname)) return;
    const fields = [...form.elements].filter(isKept).map(stateOf);
    try {
      sessionStorage.setItem(KEPT, JSON.stringify({ page: location.pathname, action: form.action, fields }));
    } catch {
      // More than a browser keeps: then nothing is kept.
    }
  }

  /** The field of that state; of a set of rows that had more of them, with as many added. */
  function fieldOf(form, state) {
    const find = () => [...form.elements].find(
      (field) => field.name === state.name && (!["radio", "checkbox"].includes(field.type) || field.value === state.value),
    );
    const rows = /^(.+)-\d+-/.exec(state.name)?.[1];
    for (let tries = 0; rows && !find() && tries < ROWS; tries += 1) {
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
    for (const name of ["input", "change"]) field.dispatchEvent(new Event(name, { bubbles: true }));
  }

  function restore() {
    if (ASKING.test(location.pathname)) return;
    const kept = JSON.parse(sessionStorage.getItem(KEPT) ?? "null");
    sessionStorage.removeItem(KEPT);
    if (location.hash !== BACK) return;
    history.replaceState(null, "", location.pathname + location.search);
    const form = [...document.forms].find((each) => each.method === "post" && each.action === kept?.action);
    if (!form || kept.page !== location.pathname) return;
    for (const state of kept.fields) {
      const field = fieldOf(form, state);
      if (field) putBack(field, state);
    }
    const said = document.createElement("p");
    said.className = "notice font-semibold mb-3";  // as the pages look, and as the admin does
    said.setAttribute("role", "status");
    said.textContent = "What you typed is here again. It is not sent yet.";
    form.prepend(said);
    form.closest("details")?.setAttribute("open", "");
    said.scrollIntoView({ block: "center" });
  }

  document.addEventListener("submit", keep);
  window.addEventListener("load", () => setTimeout(restore));  // after what the admin makes of its rows then
})();
