import { useEffect, useState } from "react";
import type { Schemas } from "../api/client";
import { type Query, useQuery } from "../api/query";
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

/** The header with which an agent's client marks a call on behalf of a line, and finds it in the API. */
export const REQUEST_ID = "request-id";

/** A call of the agent in the API. `refusal`: why the app has rejected one on behalf of a line. */
export interface KnownCall {
  readonly id: string | undefined;
  readonly refusal: string | undefined;
}

const LOOK_EVERY = 2; // seconds

/** The app's call, by the header of its ring, or by the id of the request that this client sent. */
export function useKnownCall({ context }: ActiveCall): KnownCall {
  const { api } = useServices();
  const [found, setFound] = useState<Schemas["RequestView"]>();
  const given = callIdOf(context);
  const requestId = given === undefined && found === undefined ? (context[REQUEST_ID] ?? "") : "";
  const load = () => api.GET("/call-requests/{requestId}", { params: { path: { requestId } } });
  const { data } = useQuery(requestId && `request ${requestId}`, load, LOOK_EVERY);
  useEffect(() => setFound((last) => last ?? data), [data]);
  return { id: given ?? found?.callId, refusal: found?.refusal ?? undefined };
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
