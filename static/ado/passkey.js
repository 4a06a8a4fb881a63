/* Passkeys: what a form needs of the browser's keys it asks for when it is sent. Without script it stays hidden. */
(() => {
  const able = window.PublicKeyCredential && PublicKeyCredential.parseRequestOptionsFromJSON;

  async function optionsOf(form) {
    const here = document.getElementById("passkey-options");
    if (here) return JSON.parse(here.textContent);
    const reply = await fetch(form.action, { headers: { Accept: "application/json" } });
    if (!reply.ok) throw new Error(`The server answered ${reply.status}.`);
    return (await reply.json()).request_options;
  }

  async function ask(form) {
    const { publicKey } = await optionsOf(form);
    return form.dataset.passkey === "add"
      ? navigator.credentials.create({ publicKey: PublicKeyCredential.parseCreationOptionsFromJSON(publicKey) })
      : navigator.credentials.get({ publicKey: PublicKeyCredential.parseRequestOptionsFromJSON(publicKey) });
  }

  async function send(event) {
    const form = event.currentTarget;
    const field = form.elements.credential;
    event.preventDefault();
    const said = form.querySelector("[data-passkey-said]");
    said.textContent = "";
    try {
      field.value = JSON.stringify((await ask(form)).toJSON());
      form.submit();
    } catch (error) {
      said.textContent = error.name === "NotAllowedError" ? "No passkey was given." : `That did not work: ${error.message}`;
    }
  }

  for (const form of document.querySelectorAll("form[data-passkey]")) {
    form.hidden = !able;
    form.addEventListener("submit", send);
  }
})();
