import { Button } from "@fluentui/react-components";
import { useEffect, useRef } from "react";
import type { PhoneState } from "../phone/state";

/** Every state that was shown, with its time, as a file of JSON lines. */
export function Log({ state }: { readonly state: PhoneState }) {
  const lines = useRef<string[]>([]);
  useEffect(() => {
    lines.current.push(JSON.stringify({ at: new Date().toISOString(), ...state }));
  }, [state]);
  return <Button onClick={() => save(lines.current)}>Save the record</Button>;
}

function save(lines: readonly string[]): void {
  const link = document.createElement("a");
  link.href = URL.createObjectURL(new Blob([`${lines.join("\n")}\n`], { type: "application/jsonl" }));
  link.download = "calls.jsonl";
  link.click();
  URL.revokeObjectURL(link.href);
}
