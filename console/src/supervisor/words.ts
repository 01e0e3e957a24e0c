import type { BadgeProps } from "@fluentui/react-components";
import type { Schemas } from "../api/client";

export type CallState = Schemas["CallState"];
export type RecordingStatus = Schemas["RecordingStatus"];
type Color = NonNullable<BadgeProps["color"]>;

/** The states of calls in the order in which a list offers them, as people read them. */
export const STATES: readonly { readonly state: CallState; readonly text: string; readonly color: Color }[] = [
  { state: "ringing", text: "Ringing", color: "warning" },
  { state: "dialing", text: "Dialing", color: "warning" },
  { state: "answered", text: "Connecting", color: "warning" },
  { state: "connected", text: "Connected", color: "success" },
  { state: "ended", text: "Ended", color: "subtle" },
  { state: "missed", text: "Missed", color: "danger" },
  { state: "failed", text: "Failed", color: "danger" },
  { state: "refused", text: "Refused", color: "danger" },
  { state: "rejected", text: "Rejected", color: "danger" },
  { state: "not ours", text: "Other application", color: "subtle" },
  { state: "new", text: "New", color: "subtle" },
];

export function stateOf(state: CallState) {
  return STATES.find((each) => each.state === state) ?? { state, text: state, color: "subtle" as const };
}

const RECORDINGS: Record<RecordingStatus, { readonly text: string; readonly color: Color }> = {
  off: { text: "Off", color: "subtle" },
  starting: { text: "Starting", color: "warning" },
  active: { text: "Recording", color: "success" },
  paused: { text: "Paused", color: "warning" },
  stopped: { text: "File awaited", color: "informative" },
  archived: { text: "Archived", color: "informative" },
  "not recorded": { text: "Not recorded", color: "danger" },
  lost: { text: "Lost", color: "danger" },
};

export function recordingOf(status: RecordingStatus) {
  return RECORDINGS[status];
}

/** `sales` of `sales.1`, and the number of the visit where it is not the first: `sales (2)`. */
export function stepOf(visit: string): string {
  const [step, number] = visit.split(".");
  return number === undefined || number === "1" ? (step ?? visit) : `${step} (${number})`;
}

const TIME = new Intl.DateTimeFormat(undefined, { hour: "2-digit", minute: "2-digit", second: "2-digit" });

/** The time of day where the reader is. */
export function timeOf(at: string | null): string {
  return at ? TIME.format(new Date(at)) : "–";
}
