import { useRef } from "react";
import type { ActiveCall, RemoteParty } from "../phone/state";

/** The others in a call; once it has ended, those who were in it last. */
export function useParties({ parties }: ActiveCall): readonly RemoteParty[] {
  const last = useRef(parties);
  if (parties.length > 0) {
    last.current = parties;
  }
  return last.current;
}
