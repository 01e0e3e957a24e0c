import type { Services } from "../services";
import { alert } from "./alerts";
import { commandsOf } from "./commands";
import { failureOf } from "./failures";
import { type Line, openLine } from "./line";
import type { Persona, PhoneCommands } from "./state";
import { createStore, type Store } from "./store";
import { becomeOnlyTab } from "./tab";

export interface LivePhone {
  readonly store: Store;
  readonly commands: PhoneCommands;
  /** Register, once: further calls do nothing. */
  start(): void;
}

/** The phone of a persona. It takes calls from `start` until the page is closed. */
export function createPhone(persona: Persona, services: Services): LivePhone {
  const store = createStore(persona);
  let line: Promise<Line> | undefined;
  const register = async () => {
    store.dispatch({ type: "registrationStarted" });
    line = openLine(persona, services, store);
    await line.catch((error: unknown) => {
      const { text, remedy } = failureOf(error);
      store.dispatch({ type: "registrationFailed", reason: text, remedy });
    });
  };
  const commands = commandsOf(store, () => line ?? Promise.reject(new Error(NOT_REGISTERED)), register);
  return { store, commands, start: once(() => void takeCalls(persona, services, store, register)) };
}

const NOT_REGISTERED = "This page takes no calls yet.";
const OTHER_TAB = {
  reason: "Another tab of this browser takes your calls.",
  remedy: "Use that tab, or close it: this one takes over then.",
};

/** Two tabs would ring for the same person, and the second agent would replace the first. */
async function takeCalls(persona: Persona, services: Services, store: Store, register: () => Promise<void>) {
  alert(store);
  await becomeOnlyTab(`phone ${persona} ${services.session.person.id}`, (open) => {
    store.dispatch({ type: "otherTab", open });
    if (open) {
      store.dispatch({ type: "registrationFailed", ...OTHER_TAB });
    }
  });
  await register();
}

function once(act: () => void): () => void {
  let done = false;
  return () => {
    if (!done) {
      done = true;
      act();
    }
  };
}
