import type { AgentPort, CallPort, ConnectionChange, IncomingPort, ParticipantPort } from "./ports";
import { headersOf, rawIdOf, snapshotOf, type WatchedCall } from "./snapshot";
import type { Ring } from "./state";
import type { Store } from "./store";
import type { Telephony } from "./telephony";

/** A ring of the SDK whose end is never reported ends here: no call rings longer. */
const RING_LIMIT = 120_000;

/** Reports to the store what the ports of one agent do, and finds the port of a ring or of a call by its id. */
export class Watch {
  private readonly rings = new Map<string, IncomingPort>();
  private readonly calls = new Map<string, WatchedCall>();
  private count = 0;

  constructor(
    private readonly store: Store,
    private readonly telephony: Telephony,
  ) {}

  agent(port: AgentPort): void {
    port.on("incomingCall", ({ incomingCall }) => this.incoming(incomingCall));
    port.on("callsUpdated", ({ added }) => added.forEach((call) => this.call(call)));
    port.on("connectionStateChanged", (change) => this.connection(change));
    this.connection({ newValue: port.connectionState });
  }

  ringOf(id: string): IncomingPort {
    return found(this.rings, id, "The call no longer rings.");
  }

  callOf(id: string): WatchedCall {
    return found(this.calls, id, "The call has ended.");
  }

  /** A call that begins. It can be reported twice: by the agent, and by the command that made it. */
  call(port: CallPort, context: Readonly<Record<string, string>> = {}): void {
    const known = [...this.calls.values()].find((call) => call.port === port);
    if (known) {
      this.keep({ ...known, context: { ...known.context, ...context } });
    } else if (port.state !== "Disconnected") {
      this.begin(this.watched(port, context));
    }
  }

  ringEnded(id: string): void {
    this.rings.delete(id);
    this.store.dispatch({ type: "ringEnded", id });
  }

  private watched(port: CallPort, context: Readonly<Record<string, string>>): WatchedCall {
    const { telephony } = this;
    const features = { recording: telephony.recordingOf(port), transcription: telephony.transcriptionOf(port) };
    return { id: this.newId("call"), port, ...features, context };
  }

  private begin(call: WatchedCall): void {
    const changed = () => this.changed(call.id);
    call.port.on("stateChanged", changed);
    call.port.on("isMutedChanged", changed);
    call.recording.on("isRecordingActiveChanged", changed);
    call.transcription.on("isTranscriptionActiveChanged", changed);
    call.port.remoteParticipants.forEach((party) => watchParty(party, changed));
    call.port.on("remoteParticipantsUpdated", ({ added }) => {
      added.forEach((party) => watchParty(party, changed));
      changed();
    });
    this.keep(call);
  }

  private keep(call: WatchedCall): void {
    this.calls.set(call.id, call);
    this.changed(call.id);
  }

  changed(id: string): void {
    const call = this.calls.get(id);
    if (!call) {
      return;
    }
    this.store.dispatch({ type: "callChanged", call: snapshotOf(call), at: Date.now() });
    if (call.port.state === "Disconnected") {
      this.calls.delete(id);
    }
  }

  private incoming(port: IncomingPort): void {
    const id = this.newId("ring");
    this.rings.set(id, port);
    this.store.dispatch({ type: "rang", ring: ringOf(id, port) });
    port.on("callEnded", () => this.ringEnded(id));
    port.on("callerInfoChanged", () => this.store.dispatch({ type: "callerKnown", id, ...callerOf(port) }));
    setTimeout(() => this.ringEnded(id), RING_LIMIT);
  }

  private connection({ newValue, reason }: ConnectionChange): void {
    if (newValue === "Connected") {
      this.store.dispatch({ type: "registered" });
    } else {
      this.store.dispatch({ type: "disconnected", at: Date.now(), expired: reason === "invalidToken" });
    }
  }

  private newId(kind: string): string {
    this.count += 1;
    return `${kind}-${this.count}`;
  }
}

function ringOf(id: string, port: IncomingPort): Ring {
  const { rawId, name } = callerOf(port);
  const context = headersOf(port.customContext);
  const caller = { ...(rawId ? { callerRawId: rawId } : {}), ...(name ? { callerName: name } : {}) };
  return { id, since: Date.now(), context, ...caller };
}

function callerOf({ callerInfo }: IncomingPort): { rawId: string; name?: string } {
  const name = callerInfo.displayName ? { name: callerInfo.displayName } : {};
  return { rawId: rawIdOf(callerInfo.identifier) ?? "", ...name };
}

function watchParty(party: ParticipantPort, changed: () => void): void {
  party.on("stateChanged", changed);
  party.on("isMutedChanged", changed);
  party.on("isSpeakingChanged", changed);
  party.on("displayNameChanged", changed);
}

function found<T>(map: ReadonlyMap<string, T>, id: string, otherwise: string): T {
  const value = map.get(id);
  if (value === undefined) {
    throw new Error(otherwise);
  }
  return value;
}
