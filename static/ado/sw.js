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
  // A device shows the first one or two of them, and a touch on the rest of the message opens it.
  const actions = [{ action: "open", title: "Open" }];
  if (told.acknowledge && told.can_pass_on) actions.unshift({ action: "decline", title: "Pass on" });
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

const ANSWERS = {
  acknowledge: { done: "Acknowledged", failed: "Not acknowledged", otherwise: "Open it and acknowledge there" },
  decline: { done: "Passed on", failed: "Not passed on", otherwise: "Open it and say there that you cannot" },
};

async function answerBy(action, token, notification) {
  const words = ANSWERS[action];
  let answered = false;
  try {
    const answer = await fetch(`/hooks/push/${action}/`, {
      method: "POST",
      headers: { "Content-Type": "application/json" },
      body: JSON.stringify({ token }),
    });
    answered = answer.ok;
  } catch {
    answered = false;
  }
  await self.registration.showNotification(answered ? words.done : words.failed, {
    body: answered ? notification.title : `${words.otherwise}: ${notification.title}`,
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
  event.waitUntil(event.action in ANSWERS && token ? answerBy(event.action, token, notification) : open(url));
});
