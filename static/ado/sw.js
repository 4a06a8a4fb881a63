/* Shows the pages that the house pushes, and answers them from the lock screen. Served at /sw.js. */
"use strict";

const ICON = "/static/ado/icon.svg";

self.addEventListener("install", () => self.skipWaiting());
self.addEventListener("activate", (event) => event.waitUntil(self.clients.claim()));

function read(event) {
  try {
    return event.data.json();
  } catch {
    return { title: "ADO Incidents", body: "You were told something. Open the app to read it." };
  }
}

self.addEventListener("push", (event) => {
  const told = read(event);
  const actions = [{ action: "open", title: "Open" }];
  if (told.acknowledge) actions.unshift({ action: "acknowledge", title: "Acknowledge" });
  event.waitUntil(
    self.registration.showNotification(told.title, {
      body: told.body,
      tag: told.tag || undefined,
      renotify: Boolean(told.tag),
      requireInteraction: Boolean(told.acknowledge),
      icon: ICON,
      badge: ICON,
      actions,
      data: { url: told.url || "/notifications/", acknowledge: told.acknowledge || null },
    }),
  );
});

async function acknowledge(token, notification) {
  let answered = false;
  try {
    const answer = await fetch("/hooks/push/acknowledge/", {
      method: "POST",
      headers: { "Content-Type": "application/json" },
      body: JSON.stringify({ token }),
    });
    answered = answer.ok;
  } catch {
    answered = false;
  }
  await self.registration.showNotification(answered ? "Acknowledged" : "Not acknowledged", {
    body: answered ? notification.title : `Open it and acknowledge there: ${notification.title}`,
    tag: notification.tag || undefined,
    icon: ICON,
    requireInteraction: !answered,
    data: { url: notification.data.url, acknowledge: null },
  });
}

async function open(url) {
  const address = new URL(url, self.location.origin);
  for (const client of await self.clients.matchAll({ type: "window" })) {
    if (client.url === address.href) return client.focus();
  }
  return self.clients.openWindow(address.href);
}

self.addEventListener("notificationclick", (event) => {
  const { notification } = event;
  notification.close();
  const { url, acknowledge: token } = notification.data;
  event.waitUntil(event.action === "acknowledge" && token ? acknowledge(token, notification) : open(url));
});
