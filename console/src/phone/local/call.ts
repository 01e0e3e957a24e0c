import { createIdentifierFromRawId } from "@azure/communication-common";
import type { CallPort, DtmfTone, EndReasonPort, ParticipantPort, RecordingPort, TranscriptionPort } from "../ports";
import type { CallState } from "../state";
import type { Connection } from "./connection";
import { Emitter } from "./emitter";
import type { CallView, PartyView } from "./messages";

/** A call at the emulator. Its state is what the emulator last sent; commands change nothing before that. */
export class LocalCall extends Emitter implements CallPort {
  state: CallState = "None";
  isMuted = false;
  readonly callerInfo = { identifier: undefined };
  remoteParticipants: readonly LocalParticipant[] = [];
  declare callEndReason?: EndReasonPort;
  readonly recording = new LocalFeature("isRecordingActiveChanged") as LocalFeature & RecordingPort;
  readonly transcription = new LocalFeature("isTranscriptionActiveChanged") as LocalFeature & TranscriptionPort;

  constructor(
    readonly key: string,
    readonly direction: "Incoming" | "Outgoing",
    private readonly connection: Connection,
  ) {
    super();
  }

  hangUp = () => this.do("hangUp");
  mute = () => this.do("mute");
  unmute = () => this.do("unmute");
  hold = () => this.do("hold");
  resume = () => this.do("resume");
  sendDtmf = (tone: DtmfTone) => this.do("press", { tone });

  /** Take over what the emulator shows, and report each change as the SDK does: participants before the state. */
  show(view: CallView): void {
    this.showParticipants(view.participants);
    this.recording.show(view.recording);
    this.transcription.show(view.transcribing);
    if (view.isMuted !== this.isMuted) {
      this.isMuted = view.isMuted;
      this.emit("isMutedChanged");
    }
    this.enter(view.state, view.endReason);
  }

  enter(state: CallState, endReason?: EndReasonPort): void {
    if (state === this.state || this.state === "Disconnected") {
      return;
    }
    if (endReason) {
      this.callEndReason = endReason;
    }
    this.state = state;
    this.emit("stateChanged");
  }

  private showParticipants(views: readonly PartyView[]): void {
    const known = new Map(this.remoteParticipants.map((each) => [each.rawId, each]));
    const added = views.filter(({ rawId }) => !known.has(rawId)).map((view) => new LocalParticipant(view));
    const stay = this.remoteParticipants.filter(({ rawId }) => views.some((view) => view.rawId === rawId));
    const removed = this.remoteParticipants.length - stay.length;
    this.remoteParticipants = [...stay, ...added];
    for (const view of views) {
      known.get(view.rawId)?.show(view);
    }
    if (added.length > 0 || removed > 0) {
      this.emit("remoteParticipantsUpdated", { added });
    }
  }

  private async do(what: string, more: object = {}): Promise<void> {
    await this.connection.do({ do: what, call: this.key, ...more });
  }
}

export class LocalParticipant extends Emitter implements ParticipantPort {
  readonly rawId: string;
  readonly identifier: object;
  displayName = "";
  state = "Idle";
  isMuted = false;
  isSpeaking = false;

  constructor(view: PartyView) {
    super();
    this.rawId = view.rawId;
    this.identifier = createIdentifierFromRawId(view.rawId);
    Object.assign(this, shownOf(view));
  }

  show(view: PartyView): void {
    const changed = (["state", "isMuted", "isSpeaking", "displayName"] as const).filter((name) => view[name] !== this[name]);
    Object.assign(this, shownOf(view));
    for (const name of changed) {
      this.emit(`${name}Changed`);
    }
  }
}

function shownOf({ state, isMuted, isSpeaking, displayName }: PartyView) {
  return { state, isMuted, isSpeaking, displayName };
}

/** Recording or transcription of a call. The emulator asks for no consent. */
class LocalFeature extends Emitter {
  active = false;
  readonly isTeamsConsentRequired = false;

  constructor(private readonly event: string) {
    super();
  }

  get isRecordingActive(): boolean {
    return this.active;
  }

  get isTranscriptionActive(): boolean {
    return this.active;
  }

  async grantTeamsConsent(): Promise<void> {}

  show(active: boolean): void {
    if (active !== this.active) {
      this.active = active;
      this.emit(this.event);
    }
  }
}
