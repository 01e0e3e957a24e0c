import { useEffect, useState } from "react";
import type { Schemas } from "../api/client";
import { outcomeOf, type Query, useQuery } from "../api/query";
import type { ActiveCall } from "../phone/state";
import { useServices } from "../services";

const CALL_ID = "x-call-id"; // the header that the app sends with every invitation of a client

/** The app's id of a call, from the custom context of a ring. */
export function callIdOf(context: Readonly<Record<string, string>>): string | undefined {
  return Object.entries(context).find(([name]) => name.toLowerCase() === CALL_ID)?.[1];
}

export interface CallFacts {
  readonly call: Query<Schemas["CallView"]>;
  readonly steps: Query<Schemas["StepsView"]>;
}

/** A call as the API has it, read every few seconds. */
export function useCallFacts(callId: string | undefined): CallFacts {
  const { api } = useServices();
  const path = { callId: callId ?? "" };
  const keyed = (name: string) => (callId === undefined ? "" : `${name} ${callId}`);
  return {
    call: useQuery(keyed("call"), () => api.GET("/calls/{callId}", { params: { path } }), 3),
    steps: useQuery(keyed("steps"), () => api.GET("/calls/{callId}/steps", { params: { path } }), 10),
  };
}

const LOOK_EVERY = 1500; // milliseconds

/** The app's id of a call. For one that the agent placed on behalf of a line it is found among the agent's calls. */
export function useCallId(call: ActiveCall): string | undefined {
  const { api, session } = useServices();
  const [found, setFound] = useState<string>();
  const given = callIdOf(call.context);
  const isSought = given === undefined && found === undefined && call.direction === "Outgoing" && !call.ended;
  const { startedAt } = call;
  useEffect(() => {
    if (!isSought) {
      return;
    }
    const look = async () => {
      const outcome = await outcomeOf(api.GET("/calls", { params: { query: { pageSize: 5 } } }));
      const calls = "data" in outcome ? outcome.data.value : [];
      const own = calls.find((each) => isPlacedBy(each, session.person.id, startedAt));
      setFound((last) => last ?? own?.id);
    };
    const timer = setInterval(() => void look(), LOOK_EVERY);
    return () => clearInterval(timer);
  }, [api, isSought, session.person.id, startedAt]);
  return given ?? found;
}

const CLOCK_DIFFERENCE = 60_000; // milliseconds between this computer's clock and the platform's, at most

function isPlacedBy(call: Schemas["CallSummary"], user: string, startedAt: number): boolean {
  const at = call.calledAt === null ? 0 : Date.parse(call.calledAt);
  const isOver = call.state === "ended" || call.state === "failed";
  return !isOver && call.caller?.userId === user && at > startedAt - CLOCK_DIFFERENCE;
}

/** What the plan collected before it rang: keys that the caller entered, and choices. */
export function collectedIn(steps: Schemas["StepsView"] | undefined): { step: string; value: string }[] {
  return (steps?.value ?? [])
    .filter((each) => each.leftAt !== null && ["collect", "menu", "match", "decide"].includes(each.type))
    .map((each) => ({ step: each.step, value: each.digits ?? `${each.reason}${each.to ? ` → ${each.to}` : ""}` }));
}

/** The visit that offers the call to the agent, as long as it is open. */
export function openOffer(steps: Schemas["StepsView"] | undefined, user: string): string | undefined {
  const isOffered = (step: Schemas["StepView"]) =>
    step.leftAt === null && step.offers.some((each) => each.target.userId === user && each.outcome === null);
  return steps?.value.find(isOffered)?.visit;
}
