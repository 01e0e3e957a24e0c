import { controlsOf } from "./controls";
import { endInWords } from "./end-reasons";
import type { CallSnapshot, PhoneEvent } from "./events";
import type { EndReasonPort } from "./ports";
import type { ActiveCall, CallState, Persona, PhoneState, Registration, Ring } from "./state";

/** The state before anything has happened. */
export function initialState(persona: Persona): PhoneState {
  return {
    persona,
    registration: { state: "starting" },
    rings: [],
    calls: [],
    devices: [],
    microphonePermission: "unknown",
    notificationPermission: "unknown",
    otherTab: false,
  };
}

/** The state after an event. Pure: the same events make the same state. */
export function reduce(state: PhoneState, event: PhoneEvent): PhoneState {
  switch (event.type) {
    case "registrationStarted":
    case "registered":
    case "disconnected":
    case "registrationFailed":
      return { ...state, registration: registrationAfter(event) };
    case "rang":
    case "callerKnown":
    case "ringEnded":
      return { ...state, rings: ringsAfter(state.rings, event) };
    case "callChanged":
      return { ...state, calls: callsAfter(state, event.call, event.at) };
    case "callDismissed":
      return { ...state, calls: state.calls.filter((call) => call.id !== event.id || !call.ended) };
    case "devicesListed":
      return { ...state, devices: event.devices };
    case "deviceSelected":
      return { ...state, [event.kind]: event.id };
    case "permission":
      return { ...state, [`${event.of}Permission`]: event.permission };
    case "otherTab":
      return { ...state, otherTab: event.open };
    case "noticed":
      return { ...state, notice: event.notice };
    case "noticeDismissed":
      return withoutNotice(state);
  }
}

type RegistrationEvent = Extract<
  PhoneEvent,
  { type: "registrationStarted" | "registered" | "disconnected" | "registrationFailed" }
>;

const EXPIRED = { reason: "The sign-in has expired.", remedy: "Sign out and sign in again to receive calls." };
const OFFLINE = {
  reason: "The connection to the calling service is lost.",
  remedy: "Check the network. The page connects again by itself; until then calls do not ring here.",
};

function registrationAfter(event: RegistrationEvent): Registration {
  switch (event.type) {
    case "registrationStarted":
      return { state: "starting" };
    case "registered":
      return { state: "ready" };
    case "disconnected":
      return { state: "disconnected", since: event.at, ...(event.expired ? EXPIRED : OFFLINE) };
    case "registrationFailed":
      return { state: "failed", reason: event.reason, remedy: event.remedy };
  }
}

type RingEvent = Extract<PhoneEvent, { type: "rang" | "callerKnown" | "ringEnded" }>;

function ringsAfter(rings: readonly Ring[], event: RingEvent): readonly Ring[] {
  switch (event.type) {
    case "rang":
      return [...rings.filter((ring) => ring.id !== event.ring.id), event.ring];
    case "callerKnown":
      return rings.map((ring) => (ring.id === event.id ? { ...ring, ...callerOf(event) } : ring));
    case "ringEnded":
      return rings.filter((ring) => ring.id !== event.id);
  }
}

function callerOf(event: { rawId: string; name?: string }): Partial<Ring> {
  return { callerRawId: event.rawId, ...(event.name === undefined ? {} : { callerName: event.name }) };
}

const CONNECTED: readonly CallState[] = ["Connected", "LocalHold", "RemoteHold"];

/** A call that has ended changes no more: a late event of the port does not revive it. */
function callsAfter(state: PhoneState, seen: CallSnapshot, at: number): readonly ActiveCall[] {
  const before = state.calls.find((call) => call.id === seen.id);
  if (before?.ended) {
    return state.calls;
  }
  const after = callAfter(before, seen, at, state.persona);
  return before ? state.calls.map((call) => (call === before ? after : call)) : [...state.calls, after];
}

function callAfter(before: ActiveCall | undefined, seen: CallSnapshot, at: number, persona: Persona): ActiveCall {
  const { endReason, ...shown } = seen;
  const connectedAt = before?.connectedAt ?? (CONNECTED.includes(seen.state) ? at : undefined);
  return {
    ...shown,
    startedAt: before?.startedAt ?? at,
    ...(connectedAt === undefined ? {} : { connectedAt }),
    controls: controlsOf(seen, persona),
    ...(seen.state === "Disconnected" ? { ended: endOf(endReason) } : {}),
  };
}

function endOf(reason: EndReasonPort | undefined): NonNullable<ActiveCall["ended"]> {
  return { code: reason?.code ?? 0, subCode: reason?.subCode ?? 0, words: endInWords(reason) };
}

function withoutNotice({ notice: _, ...rest }: PhoneState): PhoneState {
  return rest;
}
