import type { EndReasonPort } from "./ports";
import type { ActiveCall, AudioDevice, CallState, Permission, RemoteParty, Ring } from "./state";

/** A call as its port shows it at one moment. */
export interface CallSnapshot {
  readonly id: string;
  readonly direction: ActiveCall["direction"];
  readonly state: CallState;
  readonly isMuted: boolean;
  readonly parties: readonly RemoteParty[];
  readonly recording: boolean;
  readonly transcribing: boolean;
  readonly consentRequired: boolean;
  readonly context: Readonly<Record<string, string>>;
  readonly endReason?: EndReasonPort;
}

export interface Notice {
  readonly text: string;
  readonly remedy: string;
}

/** What the ports, the browser and the person's commands report. `at` is in milliseconds since 1970. */
export type PhoneEvent =
  | { readonly type: "registrationStarted" }
  | { readonly type: "registered" }
  | { readonly type: "disconnected"; readonly at: number; readonly expired: boolean }
  | { readonly type: "registrationFailed"; readonly reason: string; readonly remedy: string }
  | { readonly type: "rang"; readonly ring: Ring }
  | { readonly type: "callerKnown"; readonly id: string; readonly rawId: string; readonly name?: string }
  | { readonly type: "ringEnded"; readonly id: string }
  | { readonly type: "callChanged"; readonly call: CallSnapshot; readonly at: number }
  | { readonly type: "callDismissed"; readonly id: string }
  | { readonly type: "devicesListed"; readonly devices: readonly AudioDevice[] }
  | { readonly type: "deviceSelected"; readonly kind: AudioDevice["kind"]; readonly id: string }
  | { readonly type: "permission"; readonly of: "microphone" | "notification"; readonly permission: Permission }
  | { readonly type: "otherTab"; readonly open: boolean }
  | { readonly type: "noticed"; readonly notice: Notice }
  | { readonly type: "noticeDismissed" };
