import { useSyncExternalStore } from "react";

function subscribe(changed: () => void): () => void {
  document.addEventListener("visibilitychange", changed);
  return () => document.removeEventListener("visibilitychange", changed);
}

/** The seconds between two requests of a page: none as long as its tab is in the background. */
export function useSecondsIfVisible(seconds: number): number {
  return useSyncExternalStore(subscribe, () => document.visibilityState === "visible") ? seconds : 0;
}
