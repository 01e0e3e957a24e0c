import type { ActiveCall, CallState, Control, ControlName, Persona } from "./state";

const ALLOWED: Control = { allowed: true };
const TALKING: readonly CallState[] = ["Connected"];
const HELD: readonly CallState[] = ["LocalHold"];
const OVER: readonly CallState[] = ["Disconnecting", "Disconnected"];

/** What can be done in a call now, and why the rest cannot. */
export function controlsOf(call: CallFacts, persona: Persona): Readonly<Record<ControlName, Control>> {
  return {
    mute: during(call, TALKING),
    hold: hold(call),
    keypad: during(call, TALKING),
    hangUp: OVER.includes(call.state) ? no("The call has ended.") : ALLOWED,
    addParty: byTheApplication(call, persona),
    transfer: byTheApplication(call, persona),
  };
}

type CallFacts = Pick<ActiveCall, "state" | "parties">;

function no(reason: string): Control {
  return { allowed: false, reason };
}

function during(call: CallFacts, states: readonly CallState[]): Control {
  return states.includes(call.state) ? ALLOWED : no(WHY_NOT[call.state]);
}

/** Teams Phone extensibility has no hold in a call of three or more. */
function hold(call: CallFacts): Control {
  if (call.parties.length > 1 && !HELD.includes(call.state)) {
    return no("A call of three or more cannot be put on hold. Ask for music for one party instead.");
  }
  return during(call, [...TALKING, ...HELD]);
}

/** An agent's client cannot transfer in a group call: the application, which answered the call, does it. */
function byTheApplication(call: CallFacts, persona: Persona): Control {
  if (persona !== "agent") {
    return no("Only a call that the application answered can be transferred or joined by others from here.");
  }
  return during(call, TALKING);
}

const WHY_NOT: Readonly<Record<CallState, string>> = {
  None: "The call has not begun.",
  Connecting: "The call is connecting.",
  Ringing: "The other party has not answered.",
  EarlyMedia: "The other party has not answered.",
  Connected: "The call is not on hold.",
  LocalHold: "The call is on hold. Resume it first.",
  RemoteHold: "The other party has put the call on hold.",
  InLobby: "You are in the lobby until the organizer admits you.",
  Disconnecting: "The call is ending.",
  Disconnected: "The call has ended.",
};
