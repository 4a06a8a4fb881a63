// A line at the top of your own page while something is wrong: <script src="…/status/banner.js" defer></script>
(() => {
  "use strict";
  const source = document.currentScript && document.currentScript.src;
  if (!source) return;
  const page = new URL("./", source);

  const show = (wrong) => {
    const shown = document.getElementById("ado-status-banner");
    if (!wrong.name) return shown && shown.remove();
    const banner = shown || document.createElement("div");
    const link = document.createElement("a");
    link.href = wrong.link;
    link.textContent = wrong.name;
    link.style.color = "inherit";
    banner.id = "ado-status-banner";
    banner.setAttribute("role", "status");
    banner.style.cssText = "padding:0.5rem 1rem;background:#7c4a00;color:#fff;font:0.875rem/1.4 sans-serif;text-align:center";
    banner.replaceChildren(link);
    if (!shown) document.body.prepend(banner);
  };

  const look = () =>
    fetch(new URL("banner.json", page), { credentials: "omit" })
      .then((answer) => (answer.ok ? answer.json().then(show) : undefined))
      .catch(() => undefined);

  look();
  setInterval(look, 60000);
})();
