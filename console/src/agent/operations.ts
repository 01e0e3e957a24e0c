import { useCallback, useState } from "react";
import type { Api, Schemas } from "../api/client";
import type { Problem } from "../api/problem";
import { type Answer, type Outcome, outcomeOf } from "../api/query";
import { useServices } from "../services";

export type Operation = Schemas["OperationState"];
type Sent = Operation | Schemas["OperationStates"];

export interface Headers {
  readonly "Idempotency-Key": string;
  readonly Prefer: string;
}

/** A command that was sent, and how far it is. */
export interface Progress {
  readonly key: string;
  /** Such as `Transfer to Alan Turing`. */
  readonly label: string;
  readonly operation: Operation | undefined;
  readonly problem: Problem | undefined;
}

export interface Operations {
  readonly list: readonly Progress[];
  /** Send a command and follow it to its end. Returns the operation, or undefined where it was refused. */
  readonly run: (label: string, send: (headers: Headers) => Promise<Answer<Sent>>) => Promise<Operation | undefined>;
  readonly dismiss: (key: string) => void;
}

const WAIT = "wait=10"; // seconds
const LONGEST = 120_000; // milliseconds until the outcome of an operation must be known: an invitation rings for a minute

/** The commands of this page on a call. */
export function useOperations(callId: string): Operations {
  const { api } = useServices();
  const [list, setList] = useState<readonly Progress[]>([]);
  const dismiss = useCallback((key: string) => setList((last) => last.filter((each) => each.key !== key)), []);
  const run: Operations["run"] = async (label, send) => {
    const key = crypto.randomUUID();
    const show = (operation: Operation | undefined, problem?: Problem) =>
      setList((last) => [...last.filter((each) => each.key !== key), { key, label, operation, problem }]);
    show(undefined);
    const outcome = await sent(() => send({ "Idempotency-Key": key, Prefer: WAIT }));
    if ("problem" in outcome) {
      show(undefined, outcome.problem);
      return undefined;
    }
    const begun = "value" in outcome.data ? outcome.data.value[0] : outcome.data;
    return begun && follow(api, callId, begun, show);
  };
  return { list, run, dismiss };
}

const PASSING = new Set([0, 429, 503, 504]); // no response, too many requests, storage or ACS out of reach
const TRIES = 4;

/** A command whose response is lost, or that cannot be taken now, is sent again: with the same key it is the same one. */
async function sent(send: () => Promise<Answer<Sent>>): Promise<Outcome<Sent>> {
  for (let tries = 1; ; tries += 1) {
    const outcome = await outcomeOf(send());
    if ("data" in outcome || !PASSING.has(outcome.problem.status) || tries === TRIES) {
      return outcome;
    }
    await new Promise((resolve) => setTimeout(resolve, 1000 * tries));
  }
}

async function follow(api: Api, callId: string, begun: Operation, show: (operation: Operation) => void): Promise<Operation> {
  let operation = begun;
  show(operation);
  const until = Date.now() + LONGEST;
  while (!isOver(operation) && Date.now() < until) {
    await new Promise((resolve) => setTimeout(resolve, 1000));
    const path = { callId, operationId: operation.id };
    const outcome = await outcomeOf(api.GET("/calls/{callId}/operations/{operationId}", { params: { path } }));
    if ("data" in outcome) {
      operation = outcome.data;
      show(operation);
    }
  }
  return operation;
}

export function isOver({ status }: Operation): boolean {
  return status === "succeeded" || status === "failed" || status === "canceled";
}
