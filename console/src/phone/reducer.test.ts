import { describe, expect, it } from "vitest";
import type { CallSnapshot, PhoneEvent } from "./events";
import { initialState, reduce } from "./reducer";
import type { Persona, PhoneState } from "./state";

const CALL: CallSnapshot = {
  id: "call-1",
  direction: "Incoming",
  state: "Connecting",
  isMuted: false,
  parties: [],
  recording: false,
  transcribing: false,
  consentRequired: false,
  context: {},
};
const PARTY = { rawId: "4:+12065551212", state: "Connected", isMuted: false, isSpeaking: false };
const RING = { id: "ring-1", since: 1, context: { line: "Support" } };

function after(events: readonly PhoneEvent[], persona: Persona = "agent"): PhoneState {
  return events.reduce(reduce, initialState(persona));
}

function changed(change: Partial<CallSnapshot>, at = 1): PhoneEvent {
  return { type: "callChanged", call: { ...CALL, ...change }, at };
}

function only(state: PhoneState) {
  const [call] = state.calls;
  expect(state.calls).toHaveLength(1);
  return call as NonNullable<typeof call>;
}

describe("registration", () => {
  it("is lost and comes back", () => {
    const lost = after([{ type: "registered" }, { type: "disconnected", at: 7, expired: false }]);
    expect(lost.registration).toMatchObject({ state: "disconnected", since: 7 });
    expect(reduce(lost, { type: "registered" }).registration).toEqual({ state: "ready" });
  });

  it("of an expired token asks for a new sign-in", () => {
    const { registration } = after([{ type: "disconnected", at: 7, expired: true }]);
    expect(registration).toMatchObject({ remedy: expect.stringContaining("sign in again") });
  });
});

describe("a ring", () => {
  it("shows the caller that is known later", () => {
    const state = after([
      { type: "rang", ring: RING },
      { type: "callerKnown", id: "ring-1", rawId: PARTY.rawId, name: "Ada" },
    ]);
    expect(state.rings).toEqual([{ ...RING, callerRawId: PARTY.rawId, callerName: "Ada" }]);
  });

  it("that is reported twice rings once", () => {
    expect(after([{ type: "rang", ring: RING }, { type: "rang", ring: RING }]).rings).toHaveLength(1);
  });

  it("that has ended does not come back with the caller's name", () => {
    const state = after([
      { type: "rang", ring: RING },
      { type: "ringEnded", id: "ring-1" },
      { type: "callerKnown", id: "ring-1", rawId: PARTY.rawId },
    ]);
    expect(state.rings).toEqual([]);
  });
});

describe("a call", () => {
  it("keeps the moments at which it began and was connected", () => {
    const call = only(after([changed({}, 1), changed({ state: "Connected" }, 5), changed({ state: "LocalHold" }, 9)]));
    expect(call).toMatchObject({ startedAt: 1, connectedAt: 5, state: "LocalHold" });
  });

  it("ends in words", () => {
    const ended = changed({ state: "Disconnected", endReason: { code: 603, subCode: 560603 } });
    expect(only(after([ended])).ended).toEqual({ code: 603, subCode: 560603, words: "The call was declined." });
  });

  it("that ends without a reason has ended all the same", () => {
    expect(only(after([changed({ state: "Disconnected" })])).ended?.words).toBe("The call has ended.");
  });

  it("that has ended is not revived by a late event", () => {
    const state = after([changed({ state: "Disconnected" }), changed({ state: "Connected" })]);
    expect(only(state).state).toBe("Disconnected");
  });

  it("is dismissed after its end, not before", () => {
    const dismissed: PhoneEvent = { type: "callDismissed", id: "call-1" };
    expect(after([changed({ state: "Connected" }), dismissed]).calls).toHaveLength(1);
    expect(after([changed({ state: "Disconnected" }), dismissed]).calls).toEqual([]);
  });

  it("of a code that is not known names it", () => {
    const ended = changed({ state: "Disconnected", endReason: { code: 599, subCode: 1 } });
    expect(only(after([ended])).ended?.words).toContain("599/1");
  });
});

describe("controls", () => {
  const talking = (parties: number, persona: Persona = "agent") =>
    only(after([changed({ state: "Connected", parties: Array(parties).fill(PARTY) })], persona)).controls;

  it("of a call of two are all allowed to an agent", () => {
    expect(Object.values(talking(1)).every((control) => control.allowed)).toBe(true);
  });

  it("of three have no hold, and say so", () => {
    expect(talking(2).hold).toMatchObject({ allowed: false, reason: expect.stringContaining("three") });
  });

  it("let a held call of three be resumed", () => {
    const held = changed({ state: "LocalHold", parties: [PARTY, PARTY] });
    expect(only(after([held])).controls).toMatchObject({ hold: { allowed: true }, mute: { allowed: false } });
  });

  it("of a Teams user's own call have no transfer by the application", () => {
    expect(talking(1, "teamsUser")).toMatchObject({ hold: { allowed: true }, transfer: { allowed: false } });
  });

  it("let a call be hung up before it is answered, and only once", () => {
    expect(only(after([changed({ state: "Ringing" })])).controls).toMatchObject({
      hangUp: { allowed: true },
      keypad: { allowed: false },
    });
    expect(only(after([changed({ state: "Disconnected" })])).controls.hangUp.allowed).toBe(false);
  });
});

describe("the rest", () => {
  it("keeps a notice until it is dismissed", () => {
    const notice = { text: "No microphone.", remedy: "Allow it." };
    const noticed = after([{ type: "noticed", notice }]);
    expect(noticed.notice).toEqual(notice);
    expect(reduce(noticed, { type: "noticeDismissed" })).not.toHaveProperty("notice");
  });

  it("keeps devices, the chosen ones and permissions", () => {
    const state = after([
      { type: "devicesListed", devices: [{ id: "m", name: "Headset", kind: "microphone" }] },
      { type: "deviceSelected", kind: "microphone", id: "m" },
      { type: "permission", of: "microphone", permission: "denied" },
    ]);
    expect(state).toMatchObject({ microphone: "m", microphonePermission: "denied" });
  });
});
