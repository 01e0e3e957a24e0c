import { useEffect, useState } from "react";

/** Milliseconds since 1970, read again every second. */
export function useNow(): number {
  const [now, setNow] = useState(Date.now);
  useEffect(() => {
    const timer = setInterval(() => setNow(Date.now()), 1000);
    return () => clearInterval(timer);
  }, []);
  return now;
}

/** `1:05`, or `1:02:05` from an hour on. */
export function minutes(milliseconds: number): string {
  const seconds = Math.max(0, Math.floor(milliseconds / 1000));
  const parts = [Math.floor(seconds / 60) % 60, seconds % 60].map((each) => String(each).padStart(2, "0"));
  const hours = Math.floor(seconds / 3600);
  return hours > 0 ? `${hours}:${parts.join(":")}` : `${Number(parts[0])}:${parts[1]}`;
}

/** The time since a moment. It is not announced: a screen reader would read every second. */
export function Elapsed(props: { readonly since: number }) {
  const now = useNow();
  return (
    <span role="timer" aria-live="off" style={{ fontVariantNumeric: "tabular-nums" }}>
      {minutes(now - props.since)}
    </span>
  );
}

/** The time until a moment. */
export function Remaining(props: { readonly until: number }) {
  const now = useNow();
  return (
    <span role="timer" aria-live="off" style={{ fontVariantNumeric: "tabular-nums" }}>
      {minutes(props.until - now + 999)}
    </span>
  );
}
