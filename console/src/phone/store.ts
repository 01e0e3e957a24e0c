import type { PhoneEvent } from "./events";
import { initialState, reduce } from "./reducer";
import type { Persona, PhoneState } from "./state";

/** The state of one phone. Listeners hear of every change. */
export interface Store {
  state(): PhoneState;
  dispatch(event: PhoneEvent): void;
  /** Returns what ends the subscription. */
  subscribe(listener: () => void): () => void;
}

export function createStore(persona: Persona): Store {
  let state = initialState(persona);
  const listeners = new Set<() => void>();
  return {
    state: () => state,
    dispatch: (event) => {
      state = reduce(state, event);
      for (const listener of listeners) {
        listener();
      }
    },
    subscribe: (listener) => {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
  };
}
