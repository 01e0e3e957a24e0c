import type { CommunicationTokenCredential } from "@azure/communication-common";
import type {
  CallPort,
  DevicesPort,
  GuestAgentPort,
  RecordingPort,
  TeamsAgentPort,
  TranscriptionPort,
} from "./ports";

/** The agent of this page, by the kind of its identity. */
export type Agent =
  | { readonly kind: "teams"; readonly port: TeamsAgentPort }
  | { readonly kind: "guest"; readonly port: GuestAgentPort };

/** One implementation of calls: the calling SDK, or the client of the emulator. */
export interface Telephony {
  /** Register the identity of the credential. Rejects with `code` and `subCode` where it is refused. */
  register(kind: Agent["kind"], credential: CommunicationTokenCredential): Promise<Agent>;
  devices(): Promise<DevicesPort>;
  recordingOf(call: CallPort): RecordingPort;
  transcriptionOf(call: CallPort): TranscriptionPort;
}
