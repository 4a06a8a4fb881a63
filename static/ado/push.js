/* Makes this browser a push device: asks on a click only, subscribes, and hands the subscription to the form. */
(() => {
  "use strict";

  const form = document.querySelector("form[data-push]");
  if (!form || !("serviceWorker" in navigator) || !("PushManager" in window)) return;
  const said = form.querySelector("[data-push-said]");
  form.hidden = false;

  /** The bytes of a base64url text. */
  function bytes(text) {
    const padded = text.replace(/-/g, "+").replace(/_/g, "/").padEnd(Math.ceil(text.length / 4) * 4, "=");
    return Uint8Array.from(atob(padded), (character) => character.charCodeAt(0));
  }

  /** What its person knows this browser by. */
  function name() {
    const brands = navigator.userAgentData?.brands?.map((each) => each.brand).filter((brand) => !/not/i.test(brand));
    const system = navigator.userAgentData?.platform || navigator.platform || "";
    return [brands?.at(-1) || "Browser", system && `on ${system}`].filter(Boolean).join(" ").slice(0, 60);
  }

  async function subscribe() {
    if ((await Notification.requestPermission()) !== "granted") {
      throw new Error("The browser does not allow notifications here. Allow them in its settings for this site.");
    }
    const answer = await fetch(form.dataset.pushKey);
    if (!answer.ok) throw new Error("This installation sends no push messages.");
    const { key } = await answer.json();
    const worker = await navigator.serviceWorker.register(form.dataset.pushWorker, { scope: "/" });
    await navigator.serviceWorker.ready;
    return worker.pushManager.subscribe({ userVisibleOnly: true, applicationServerKey: bytes(key) });
  }

  form.addEventListener("submit", async (event) => {
    if (form.elements.value.value) return;
    event.preventDefault();
    said.textContent = "Asking the browser…";
    try {
      const { endpoint, keys } = (await subscribe()).toJSON();
      form.elements.value.value = endpoint;
      form.elements.p256dh.value = keys.p256dh;
      form.elements.auth.value = keys.auth;
      form.elements.label.value = name();
      form.requestSubmit();
    } catch (failure) {
      said.textContent = `This device cannot be used: ${failure.message}`;
    }
  });
})();
