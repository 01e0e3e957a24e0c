import type { Message } from "../../ui/ladder";
import type { TimelineEntry } from "./use-call";

export const LANES = ["Caller", "Teams Phone", "ACS", "Event Grid", "App", "Agent"] as const;
export type Lane = (typeof LANES)[number];

const OWN = [
  "PlanChosen",
  "PlanUnavailable",
  "StepReached",
  "StepProgressed",
  "PlanEnded",
  "TimerFired",
  "CallStateFetched",
  "WrapUpWritten",
];
const BY_AGENT = ["AddParticipantSucceeded", "AddParticipantFailed", "RemoveParticipantSucceeded", "OfferAnswered"];

/** Who said an event to whom. Callbacks come from ACS by way of Event Grid. */
export function messageOf(entry: TimelineEntry): Message<Lane> {
  const isFailure = entry.type.endsWith("Failed");
  const lanes = lanesOf(entry);
  return { from: lanes[0], to: lanes[1], isFailure };
}

function lanesOf({ type, text }: TimelineEntry): readonly [Lane, Lane] {
  if (type === "IncomingCall" || (type === "CallDisconnected" && text.includes("the other party"))) {
    return ["Caller", "App"];
  }
  if (type === "OperationRequested" || type === "OfferAnswered" || type === "StepDecided") {
    return ["Agent", "App"];
  }
  if (OWN.includes(type)) {
    return ["App", "App"];
  }
  if (type === "ActionFailed") {
    return ["App", "ACS"];
  }
  return BY_AGENT.includes(type) && text.startsWith("agent") ? ["Agent", "App"] : ["ACS", "App"];
}
