import type { Api, Schemas } from "../../api/client";
import type { Problem } from "../../api/problem";
import { outcomeOf } from "../../api/query";
import { useServices } from "../../services";

export type Command =
  | { readonly name: "hang-up" }
  | { readonly name: "pause" | "resume"; readonly recordingId: string }
  | { readonly name: "transfer"; readonly target: Schemas["OneTarget"]; readonly transferee?: string };

const WAIT = "wait=10"; // seconds, for the outcome

/** Sends commands to a call. The same key twice is one command. Resolves with the problem, if there is one. */
export function useCommand(callId: string): (command: Command, key: string) => Promise<Problem | undefined> {
  const { api } = useServices();
  return async (command, key) => {
    const outcome = await outcomeOf(send(api, callId, command, key));
    return "problem" in outcome ? outcome.problem : failureOf(outcome.data);
  };
}

function send(api: Api, callId: string, command: Command, key: string) {
  const header = { "Idempotency-Key": key, Prefer: WAIT };
  const path = { callId };
  switch (command.name) {
    case "hang-up":
      return api.POST("/calls/{callId}/hang-up", { params: { path, header } });
    case "transfer": {
      const { target, transferee } = command;
      const body = { target, ...(transferee ? { transferee: { rawId: transferee } } : {}) } as Schemas["NewTransfer"];
      return api.POST("/calls/{callId}/transfers", { params: { path, header }, body });
    }
    case "pause":
    case "resume": {
      const params = { path: { ...path, recordingId: command.recordingId }, header };
      return command.name === "pause"
        ? api.POST("/calls/{callId}/recordings/{recordingId}/pause", { params })
        : api.POST("/calls/{callId}/recordings/{recordingId}/resume", { params });
    }
  }
}

function failureOf(operation: Schemas["OperationState"]): Problem | undefined {
  const { failure, name } = operation;
  if (failure === null) {
    return undefined;
  }
  const codes = failure.code ? `${failure.code}/${failure.subCode}: ` : "";
  return { status: 0, title: `${name} failed`, detail: `${codes}${failure.meaning}.`, remedy: failure.remedy };
}
