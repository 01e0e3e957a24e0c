/**
 * The part of the calling SDK that the phone uses, as structural types. Two implementations stand behind it: the SDK
 * itself (`acs/`), and a client of the emulator (`local/`). `ports.check.ts` holds the SDK's classes to it.
 */
import type {
  CommunicationUserIdentifier,
  MicrosoftTeamsAppIdentifier,
  MicrosoftTeamsUserIdentifier,
  PhoneNumberIdentifier,
  UnknownIdentifier,
} from "@azure/communication-common";
import type { CallState } from "./state";

type Listener = () => void;

export interface CustomContextPort {
  voipHeaders?: { key: string; value: string }[];
}

export interface CallerPort {
  readonly identifier: object | undefined;
  readonly displayName?: string;
}

export interface EndReasonPort {
  readonly code: number;
  readonly subCode?: number;
}

export type DtmfTone = "Pound" | "Star" | `Num${0 | 1 | 2 | 3 | 4 | 5 | 6 | 7 | 8 | 9}`;

export interface ParticipantPort {
  readonly identifier: object;
  readonly displayName?: string;
  readonly state: string;
  readonly isMuted: boolean;
  readonly isSpeaking: boolean;
  on(event: "stateChanged", listener: Listener): void;
  on(event: "isMutedChanged", listener: Listener): void;
  on(event: "isSpeakingChanged", listener: Listener): void;
  on(event: "displayNameChanged", listener: Listener): void;
}

export interface CallPort {
  readonly state: CallState;
  readonly direction: "Incoming" | "Outgoing";
  readonly isMuted: boolean;
  readonly callerInfo: CallerPort;
  readonly callEndReason?: EndReasonPort;
  readonly remoteParticipants: readonly ParticipantPort[];
  hangUp(): Promise<void>;
  mute(): Promise<void>;
  unmute(): Promise<void>;
  hold(): Promise<void>;
  resume(): Promise<void>;
  sendDtmf(tone: DtmfTone): Promise<void>;
  on(event: "stateChanged", listener: Listener): void;
  on(event: "isMutedChanged", listener: Listener): void;
  on(event: "remoteParticipantsUpdated", listener: (changed: { added: ParticipantPort[] }) => void): void;
}

export interface IncomingPort {
  readonly callerInfo: CallerPort;
  readonly customContext?: CustomContextPort;
  accept(): Promise<CallPort>;
  reject(): Promise<void>;
  on(event: "callEnded", listener: (ended: { callEndReason: EndReasonPort }) => void): void;
  on(event: "callerInfoChanged", listener: Listener): void;
}

export interface ConnectionChange {
  newValue: "Connected" | "Disconnected";
  reason?: "invalidToken" | "connectionIssue";
}

export interface AgentPort {
  readonly connectionState: "Connected" | "Disconnected";
  on(event: "incomingCall", listener: (args: { incomingCall: IncomingPort }) => void): void;
  on(event: "callsUpdated", listener: (changed: { added: CallPort[] }) => void): void;
  on(event: "connectionStateChanged", listener: (change: ConnectionChange) => void): void;
  join(meeting: { meetingLink: string }): CallPort;
  join(meeting: { meetingId: string; passcode?: string }): CallPort;
  dispose(): Promise<void>;
}

export interface StartOptionsPort {
  customContext?: CustomContextPort;
}
export interface StartTeamsOptionsPort extends StartOptionsPort {
  onBehalfOfOptions?: { userId: MicrosoftTeamsUserIdentifier | MicrosoftTeamsAppIdentifier };
}
export interface StartTeamsGroupOptionsPort extends StartTeamsOptionsPort {
  threadId?: string;
}
export type TeamsCalleePort =
  | MicrosoftTeamsUserIdentifier
  | PhoneNumberIdentifier
  | MicrosoftTeamsAppIdentifier
  | UnknownIdentifier;
export type GuestCalleePort = CommunicationUserIdentifier | PhoneNumberIdentifier | MicrosoftTeamsUserIdentifier | MicrosoftTeamsAppIdentifier;

/** The agent of a Teams identity: an agent's dual persona, or a Teams user's own. */
export interface TeamsAgentPort extends AgentPort {
  startCall(callee: TeamsCalleePort, options?: StartTeamsOptionsPort): CallPort;
  startCall(callees: TeamsCalleePort[], options?: StartTeamsGroupOptionsPort): CallPort;
}

/** The agent of a bring-your-own identity. It cannot call on behalf of another. */
export interface GuestAgentPort extends AgentPort {
  startCall(callees: GuestCalleePort[], options?: StartOptionsPort): CallPort;
}

export interface DevicePort {
  readonly id: string;
  readonly name: string;
}

export interface DevicesPort {
  readonly selectedMicrophone?: DevicePort;
  readonly selectedSpeaker?: DevicePort;
  getMicrophones(): Promise<DevicePort[]>;
  getSpeakers(): Promise<DevicePort[]>;
  selectMicrophone(device: DevicePort): Promise<void>;
  selectSpeaker(device: DevicePort): Promise<void>;
  askDevicePermission(wanted: { audio: boolean; video: boolean }): Promise<{ audio: boolean }>;
  on(event: "audioDevicesUpdated", listener: Listener): void;
}

/** Recording and transcription of a call: what Teams announces, and asks consent for. */
export interface RecordingPort {
  readonly isRecordingActive: boolean;
  readonly isTeamsConsentRequired: boolean;
  grantTeamsConsent(): Promise<void>;
  on(event: "isRecordingActiveChanged", listener: Listener): void;
}
export interface TranscriptionPort {
  readonly isTranscriptionActive: boolean;
  readonly isTeamsConsentRequired: boolean;
  grantTeamsConsent(): Promise<void>;
  on(event: "isTranscriptionActiveChanged", listener: Listener): void;
}
