import { useEffect, useState } from "react";
import type { Message } from "../ui/ladder";
import type { Control } from "./control";

export const LANES = ["Parties", "ACS", "Event Grid", "App", "Microsoft 365"] as const;
export type Lane = (typeof LANES)[number];

/** An entry of the emulator's journal. Each kind has fields of its own. */
export interface Entry {
  readonly seq: number;
  readonly at: string;
  readonly kind: string;
  /** Of an event: the topic that it was published to; `acs` is that of ACS. */
  readonly topic?: string;
  readonly operation?: string;
  readonly status?: number;
  readonly error?: string | null;
  readonly outcome?: string;
  readonly who?: string;
  readonly does?: string;
  readonly what?: string;
  readonly event?: { readonly type: string };
  readonly events?: readonly { readonly type: string }[];
}

const SECONDS = 1;
const KEPT = 300; // entries on the page

/** The journal as it grows, the newest entries last. */
export function useJournal(control: Control): readonly Entry[] {
  const [entries, setEntries] = useState<readonly Entry[]>([]);
  useEffect(() => {
    let isCurrent = true;
    let since = 0;
    let timer: ReturnType<typeof setTimeout> | undefined;
    const read = async () => {
      const found = await control.get<{ entries: Entry[] }>(`journal?since=${since}`).catch(() => ({ entries: [] }));
      if (!isCurrent) {
        return;
      }
      since = found.entries.at(-1)?.seq ?? since;
      if (found.entries.length > 0) {
        setEntries((last) => [...last, ...found.entries].slice(-KEPT));
      }
      timer = setTimeout(() => void read(), SECONDS * 1000);
    };
    void read();
    return () => {
      isCurrent = false;
      clearTimeout(timer);
    };
  }, [control]);
  return entries;
}

const WAYS: Readonly<Record<string, readonly [Lane, Lane]>> = {
  "acs.request": ["App", "ACS"],
  callback: ["ACS", "App"],
  event: ["ACS", "Event Grid"],
  delivery: ["Event Grid", "App"],
  handshake: ["Event Grid", "App"],
  dead_letter: ["Event Grid", "Event Grid"],
  party: ["Parties", "ACS"],
  "graph.request": ["App", "Microsoft 365"],
  "entra.request": ["App", "Microsoft 365"],
  "arm.request": ["App", "Microsoft 365"],
};
const FIRST_ERROR = 400;

/** Who sent an entry to whom. */
export function messageOf(entry: Entry): Message<Lane> {
  const isPublished = entry.kind === "event" && entry.topic !== "acs";
  const [from, to] = isPublished ? (["App", "Event Grid"] as const) : (WAYS[entry.kind] ?? (["ACS", "ACS"] as const));
  return { from, to, isFailure: (entry.status ?? 0) >= FIRST_ERROR || entry.kind === "dead_letter" };
}

/** What an entry is about: an operation, the types of events, what a party does. */
export function subjectOf(entry: Entry): string {
  const events = entry.events ?? (entry.event ? [entry.event] : []);
  const types = events.map((each) => each.type.slice(each.type.lastIndexOf(".") + 1)).join(", ");
  return entry.operation ?? (types || [nameOf(entry.who), entry.does, entry.what].filter(Boolean).join(" ") || entry.kind);
}

/** The number of a raw id, or the beginning of the object id at its end. */
function nameOf(rawId: string | undefined): string {
  if (rawId === undefined) {
    return "";
  }
  return rawId.startsWith("4:") ? rawId.slice(2) : `${rawId.slice(rawId.lastIndexOf("_") + 1).slice(0, 8)}…`;
}
