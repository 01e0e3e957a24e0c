/**
 * What the person at this page has on the phone: plain data, made by a pure reducer of what the port reports.
 * The views read it; they call `PhoneCommands` for everything that the person does.
 */

/** Whose calls this page takes: an agent's (Teams Phone extensibility), a Teams user's own, or a guest's. */
export type Persona = "agent" | "teamsUser" | "guest";

export type Registration =
  | { readonly state: "starting" }
  | { readonly state: "ready" }
  /** Registered, and without a connection now: the next call may not ring here. */
  | { readonly state: "disconnected"; readonly since: number; readonly reason: string; readonly remedy: string }
  /** No calls can come; `reason` says why and `remedy` what to do. */
  | { readonly state: "failed"; readonly reason: string; readonly remedy: string };

/** The states of a call, as the calling SDK names them. */
export type CallState =
  | "None"
  | "Connecting"
  | "Ringing"
  | "EarlyMedia"
  | "Connected"
  | "LocalHold"
  | "RemoteHold"
  | "InLobby"
  | "Disconnecting"
  | "Disconnected";

export interface RemoteParty {
  readonly rawId: string;
  readonly displayName?: string;
  readonly state: string;
  readonly isMuted: boolean;
  readonly isSpeaking: boolean;
}

export interface Ring {
  readonly id: string;
  /** Milliseconds since 1970. */
  readonly since: number;
  readonly callerRawId?: string;
  /** It can come later than the ring. */
  readonly callerName?: string;
  /** The custom context: the headers that the app sent with the invitation. */
  readonly context: Readonly<Record<string, string>>;
}

/** A control that cannot be used now has the reason, which is shown beside it. */
export type Control = { readonly allowed: true } | { readonly allowed: false; readonly reason: string };
export type ControlName = "mute" | "hold" | "keypad" | "hangUp" | "addParty" | "transfer";

export interface ActiveCall {
  readonly id: string;
  readonly direction: "Incoming" | "Outgoing";
  readonly state: CallState;
  readonly startedAt: number;
  readonly connectedAt?: number;
  readonly isMuted: boolean;
  readonly parties: readonly RemoteParty[];
  readonly context: Readonly<Record<string, string>>;
  readonly recording: boolean;
  readonly transcribing: boolean;
  /** Teams asks this person for consent before it records or transcribes. */
  readonly consentRequired: boolean;
  readonly controls: Readonly<Record<ControlName, Control>>;
  /** The codes of the end, and in words. */
  readonly ended?: { readonly code: number; readonly subCode: number; readonly words: string };
}

export interface AudioDevice {
  readonly id: string;
  readonly name: string;
  readonly kind: "microphone" | "speaker";
}

export type Permission = "unknown" | "granted" | "denied";

export interface PhoneState {
  readonly persona: Persona;
  readonly registration: Registration;
  readonly rings: readonly Ring[];
  /** Those that ended stay, with `ended`, until they are dismissed. */
  readonly calls: readonly ActiveCall[];
  readonly devices: readonly AudioDevice[];
  readonly microphone?: string;
  readonly speaker?: string;
  /** The browser's answer when it was asked for the microphone. */
  readonly microphonePermission: Permission;
  /** Whether this page may show a ring as a notification of the desktop. */
  readonly notificationPermission: Permission;
  /** Another tab of this browser takes the same person's calls. */
  readonly otherTab: boolean;
  /** The last command that failed, in words with the remedy; until it is dismissed. */
  readonly notice?: { readonly text: string; readonly remedy: string };
}

export type Callee =
  | { readonly kind: "phoneNumber"; readonly number: string }
  | { readonly kind: "teamsUser"; readonly id: string }
  | { readonly kind: "acsUser"; readonly id: string }
  /** A Teams voice application (auto attendant or call queue), by the object id of its resource account. */
  | { readonly kind: "teamsApp"; readonly id: string };

export interface StartOptions {
  /** The object id of the resource account or Teams user on whose behalf the call is made. */
  readonly onBehalfOf?: { readonly kind: "teamsUser" | "teamsApp"; readonly id: string };
  /** The chat of a group call. */
  readonly threadId?: string;
  /** Headers for the application that takes the call. */
  readonly context?: Readonly<Record<string, string>>;
}

export type Meeting =
  | { readonly link: string }
  | { readonly meetingId: string; readonly passcode: string };

/** What a person does. A command that fails resolves, and leaves `notice` in the state. */
export interface PhoneCommands {
  /** Register again after `registration` has failed. */
  register(): Promise<void>;
  accept(ringId: string): Promise<void>;
  decline(ringId: string): Promise<void>;
  start(callees: readonly Callee[], options?: StartOptions): Promise<void>;
  join(meeting: Meeting): Promise<void>;
  hangUp(callId: string): Promise<void>;
  setMuted(callId: string, muted: boolean): Promise<void>;
  setHeld(callId: string, held: boolean): Promise<void>;
  press(callId: string, key: string): Promise<void>;
  grantConsent(callId: string): Promise<void>;
  useDevice(kind: AudioDevice["kind"], id: string): Promise<void>;
  askForMicrophone(): Promise<void>;
  askForNotifications(): Promise<void>;
  /** Play a short tone on the chosen speaker. */
  testSpeaker(): Promise<void>;
  /** Remove a call that has ended. */
  dismissCall(callId: string): void;
  dismissNotice(): void;
}

/** The phone of one persona at this page, as `usePhone` gives it to the views. */
export interface Phone {
  readonly state: PhoneState;
  readonly commands: PhoneCommands;
}
