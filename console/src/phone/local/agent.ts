import { createIdentifierFromRawId, getIdentifierRawId, type CommunicationIdentifier } from "@azure/communication-common";
import type { CallPort, CustomContextPort, EndReasonPort, IncomingPort, StartTeamsGroupOptionsPort } from "../ports";
import { headersOf } from "../snapshot";
import { LocalCall } from "./call";
import type { Connection } from "./connection";
import { Emitter } from "./emitter";
import type { Message } from "./messages";
import type { Sound } from "./sound";

const LONGEST_LOSS = 20_000; // milliseconds without a connection after which calls have ended; the emulator waits as long

/** The agent of an identity at the emulator: its rings and its calls. */
export class LocalAgent extends Emitter {
  connectionState: "Connected" | "Disconnected" = "Disconnected";
  private readonly rings = new Map<string, LocalIncoming>();
  private readonly calls = new Map<string, LocalCall>();
  private count = 0;
  private givingUp: ReturnType<typeof setTimeout> | undefined;

  constructor(
    private readonly connection: Connection,
    private readonly sound: Sound,
  ) {
    super();
  }

  startCall(callees: CommunicationIdentifier | CommunicationIdentifier[], options: StartTeamsGroupOptionsPort = {}): CallPort {
    const { onBehalfOfOptions, customContext } = options;
    const onBehalfOf = onBehalfOfOptions ? { onBehalfOf: getIdentifierRawId(onBehalfOfOptions.userId) } : {};
    const to = (Array.isArray(callees) ? callees : [callees]).map(getIdentifierRawId);
    return this.begin({ do: "start", callees: to, headers: headersOf(customContext), ...onBehalfOf });
  }

  join(meeting: { meetingLink: string } | { meetingId: string; passcode?: string }): CallPort {
    return this.begin({ do: "join", meeting });
  }

  async dispose(): Promise<void> {
    this.connection.close();
  }

  /** Accept a ring: the microphone is opened first, so that a refusal leaves the call ringing. */
  async accept(ring: string): Promise<CallPort> {
    await this.sound.start();
    const call = this.newCall("Incoming");
    try {
      await this.connection.do({ do: "accept", ring, call: call.key });
    } catch (error) {
      this.calls.delete(call.key);
      this.silenceIfIdle();
      throw error;
    }
    this.rings.delete(ring);
    this.emit("callsUpdated", { added: [call] });
    return call;
  }

  received(message: Message): void {
    switch (message.type) {
      case "connection":
        this.connected(message.state, message.reason);
        break;
      case "ring":
        this.rang(new LocalIncoming(message.ring, message.caller, message.headers, this, this.connection));
        break;
      case "caller":
        this.rings.get(message.ring)?.named(message.caller, message.name);
        break;
      case "ringEnded":
        this.endRing(message.ring, message.endReason);
        break;
      case "call":
        this.calls.get(message.call)?.show(message);
        this.forgetEnded();
    }
  }

  /** The connection is lost: what rings here cannot be answered any more, and rings anew once it is back. */
  lost(): void {
    this.connected("Disconnected", "connectionIssue");
    for (const ring of [...this.rings.keys()]) {
      this.endRing(ring, { code: 487, subCode: 0 });
    }
    clearTimeout(this.givingUp);
    this.givingUp = setTimeout(() => this.dropCalls({ code: 496, subCode: 7 }), LONGEST_LOSS);
  }

  resumed(sameSession: boolean): void {
    clearTimeout(this.givingUp);
    if (!sameSession) {
      this.dropCalls({ code: 410, subCode: 3101 });
    }
  }

  private dropCalls(reason: EndReasonPort): void {
    for (const call of this.calls.values()) {
      call.enter("Disconnected", reason);
    }
    this.forgetEnded();
  }

  private begin(command: { do: string; [name: string]: unknown }): CallPort {
    const call = this.newCall("Outgoing");
    this.emit("callsUpdated", { added: [call] });
    void this.place(call, command);
    return call;
  }

  private async place(call: LocalCall, command: { do: string; [name: string]: unknown }): Promise<void> {
    try {
      call.enter("Connecting");
      await this.sound.start();
      await this.connection.do({ ...command, call: call.key });
    } catch (error) {
      call.enter("Disconnected", endOf(error));
      this.forgetEnded();
    }
  }

  private newCall(direction: "Incoming" | "Outgoing"): LocalCall {
    this.count += 1;
    const call = new LocalCall(`${crypto.randomUUID()}-${this.count}`, direction, this.connection);
    if (direction === "Incoming") {
      call.enter("Connecting");
    }
    this.calls.set(call.key, call);
    return call;
  }

  private rang(incoming: LocalIncoming): void {
    this.rings.set(incoming.ring, incoming);
    this.emit("incomingCall", { incomingCall: incoming });
  }

  private endRing(ring: string, reason: EndReasonPort): void {
    const incoming = this.rings.get(ring);
    this.rings.delete(ring);
    incoming?.ended(reason);
  }

  private connected(state: "Connected" | "Disconnected", reason?: "invalidToken" | "connectionIssue"): void {
    if (state !== this.connectionState) {
      this.connectionState = state;
      this.emit("connectionStateChanged", { newValue: state, ...(reason ? { reason } : {}) });
    }
  }

  private forgetEnded(): void {
    for (const [key, call] of this.calls) {
      if (call.state === "Disconnected") {
        this.calls.delete(key);
      }
    }
    this.silenceIfIdle();
  }

  private silenceIfIdle(): void {
    if (this.calls.size === 0) {
      void this.sound.stop();
    }
  }
}

export class LocalIncoming extends Emitter implements IncomingPort {
  callerInfo: { identifier: object | undefined; displayName?: string };
  readonly customContext: CustomContextPort;

  constructor(
    readonly ring: string,
    caller: string,
    headers: Record<string, string>,
    private readonly agent: LocalAgent,
    private readonly connection: Connection,
  ) {
    super();
    this.callerInfo = { identifier: createIdentifierFromRawId(caller) };
    this.customContext = { voipHeaders: Object.entries(headers).map(([key, value]) => ({ key, value })) };
  }

  accept(): Promise<CallPort> {
    return this.agent.accept(this.ring);
  }

  async reject(): Promise<void> {
    await this.connection.do({ do: "reject", ring: this.ring });
  }

  named(caller: string, displayName: string): void {
    this.callerInfo = { identifier: createIdentifierFromRawId(caller), displayName };
    this.emit("callerInfoChanged");
  }

  ended(callEndReason: EndReasonPort): void {
    this.emit("callEnded", { callEndReason });
  }
}

function endOf(error: unknown): EndReasonPort {
  const { code, subCode } = error as Partial<EndReasonPort>;
  return typeof code === "number" && code > 0 ? { code, subCode: subCode ?? 0 } : { code: 400, subCode: 40613 };
}
