import { type RefObject, useEffect, useRef } from "react";

/** For an element whose first button or field gets the focus when it appears, or when `wanted` becomes true. */
export function useFocusInside<T extends HTMLElement>(wanted = true): RefObject<T | null> {
  const element = useRef<T>(null);
  useEffect(() => {
    if (wanted) {
      element.current?.querySelector<HTMLElement>("button, select, input")?.focus();
    }
  }, [wanted]);
  return element;
}
