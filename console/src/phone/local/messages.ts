/** What the emulator's web socket for clients sends and takes. Identities are raw ids. */
import type { EndReasonPort } from "../ports";
import type { CallState } from "../state";

export interface PartyView {
  readonly rawId: string;
  readonly displayName: string;
  readonly state: string;
  readonly isMuted: boolean;
  readonly isSpeaking: boolean;
}

export interface CallView {
  readonly state: CallState;
  readonly direction: "Incoming" | "Outgoing";
  readonly isMuted: boolean;
  readonly participants: readonly PartyView[];
  readonly recording: boolean;
  readonly transcribing: boolean;
  readonly endReason?: EndReasonPort;
}

export type Message =
  | { readonly type: "connection"; readonly state: "Connected" | "Disconnected"; readonly reason?: "invalidToken" }
  | { readonly type: "ring"; readonly ring: string; readonly caller: string; readonly headers: Record<string, string> }
  | { readonly type: "caller"; readonly ring: string; readonly caller: string; readonly name: string }
  | { readonly type: "ringEnded"; readonly ring: string; readonly endReason: EndReasonPort }
  | ({ readonly type: "call"; readonly call: string } & CallView);

export interface Reply {
  readonly type: "reply";
  readonly id: number;
  readonly error?: { readonly code: number; readonly subCode: number; readonly message: string };
  readonly session?: string;
}

export interface Command {
  readonly do: string;
  readonly [name: string]: unknown;
}

/** A command that the emulator refused, as the SDK's errors are. */
export class CommandError extends Error {
  constructor(
    readonly code: number,
    readonly subCode: number,
    message: string,
  ) {
    super(message);
  }
}
