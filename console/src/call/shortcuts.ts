import { useEffect, useRef } from "react";

/** The keys of Teams: Ctrl+Shift and a letter. */
export type Shortcut = "S" | "D" | "M" | "H" | "K";

export const keysOf = (letter: Shortcut) => ({ "aria-keyshortcuts": `Control+Shift+${letter}` });
export const inWords = (letter: Shortcut) => `Ctrl+Shift+${letter}`;

/** Act on Ctrl+Shift and a letter, wherever the focus is. */
export function useShortcuts(actions: Readonly<Partial<Record<Shortcut, () => void>>>): void {
  const latest = useRef(actions);
  latest.current = actions;
  useEffect(() => {
    const listen = (event: KeyboardEvent) => {
      const act = event.ctrlKey && event.shiftKey && !event.repeat && latest.current[letterOf(event)];
      if (act) {
        event.preventDefault();
        act();
      }
    };
    addEventListener("keydown", listen);
    return () => removeEventListener("keydown", listen);
  }, []);
}

function letterOf(event: KeyboardEvent): Shortcut {
  return event.code.replace("Key", "") as Shortcut;
}
