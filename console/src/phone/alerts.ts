import type { Ring } from "./state";
import type { Store } from "./store";
import { ring } from "./tones";

/** Ring, show a notification, and keep the page from being left in a call: as the state of the store says. */
export function alert(store: Store): void {
  store.dispatch({ type: "permission", of: "notification", permission: notificationPermission() });
  ringWhileRinging(store);
  notifyOfRings(store);
  addEventListener("beforeunload", (event) => {
    if (store.state().calls.some((call) => !call.ended)) {
      event.preventDefault();
    }
  });
}

function notificationPermission() {
  const answer = "Notification" in window ? Notification.permission : "denied";
  return answer === "default" ? "unknown" : answer;
}

function ringWhileRinging(store: Store): void {
  let stop: (() => void) | undefined;
  store.subscribe(() => {
    const { rings, speaker } = store.state();
    if (rings.length > 0) {
      stop ??= ring(speaker);
    } else {
      stop?.();
      stop = undefined;
    }
  });
}

function notifyOfRings(store: Store): void {
  const shown = new Map<string, Notification>();
  store.subscribe(() => {
    const { rings, notificationPermission } = store.state();
    for (const [id, notification] of shown) {
      if (!rings.some((each) => each.id === id)) {
        notification.close();
        shown.delete(id);
      }
    }
    for (const each of notificationPermission === "granted" ? rings : []) {
      if (!shown.has(each.id)) {
        shown.set(each.id, notificationOf(each));
      }
    }
  });
}

/** The page comes to the front when the notification is clicked; the call is answered there. */
function notificationOf(each: Ring): Notification {
  const notification = new Notification("Incoming call", { body: each.callerName ?? "", tag: each.id });
  notification.onclick = () => window.focus();
  return notification;
}
