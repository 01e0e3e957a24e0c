import { useCallback, useEffect, useState } from "react";
import type { Api, Schemas } from "../api/client";
import type { Problem } from "../api/problem";
import { type Outcome, outcomeOf } from "../api/query";
import { useServices } from "../services";

export type Agent = Schemas["AgentView"];
export const AWAY_REASONS = ["Break", "Lunch", "Meeting", "Training", "Paperwork"];

const EXPIRES_IN = 120; // seconds
const RENEW_EVERY = 40;
const READ_EVERY = 4;
const CHANGED = 412;

export interface Presence {
  readonly agent: Agent | undefined;
  readonly problem: Problem | undefined;
  readonly setAvailable: () => Promise<void>;
  readonly setAway: (reason: string) => Promise<void>;
  /** End wrap-up before its time: the agent is available now. */
  readonly endWrapUp: () => Promise<void>;
}

/** The signed-in agent's presence: read every few seconds, and renewed as long as it is `available`. */
export function usePresence(): Presence {
  const { api } = useServices();
  const [found, setFound] = useState<{ agent?: Agent; problem?: Problem }>({});
  const note = useCallback((outcome: Outcome<Agent>) => {
    setFound((last) => ("data" in outcome ? { agent: outcome.data } : { ...last, problem: outcome.problem }));
  }, []);
  useEffect(() => keepAlive(api, note), [api, note]);
  return {
    agent: found.agent,
    problem: found.problem,
    setAvailable: async () => note(await put(api, "available", "")),
    setAway: async (reason) => note(await put(api, "away", reason)),
    endWrapUp: async () => {
      const agent = await afterCall(api);
      if (agent?.state === "wrapUp" && agent.presence === "available") {
        await put(api, "away", "Paperwork"); // a presence that is only renewed does not end wrap-up
        note(await put(api, "available", ""));
      }
    },
  };
}

/** The agent, once the app has noticed that the call is over, or after a few seconds. */
async function afterCall(api: Api): Promise<Agent | undefined> {
  for (let tries = 0; tries < 10; tries += 1) {
    const outcome = await read(api);
    if ("data" in outcome && outcome.data.state !== "inCall") {
      return outcome.data;
    }
    await new Promise((resolve) => setTimeout(resolve, 1000));
  }
  return undefined;
}

function read(api: Api): Promise<Outcome<Agent>> {
  return outcomeOf(api.GET("/agents/{agentId}", { params: { path: { agentId: "me" } } }));
}

/** Read the agent again and again, and renew what it says with the ETag of what was read. Returns the end of it. */
function keepAlive(api: Api, note: (outcome: Outcome<Agent>) => void): () => void {
  let isOver = false;
  let renewedAt = 0;
  const look = async () => {
    const outcome = await read(api);
    if (isOver) {
      return;
    }
    note(outcome);
    if ("data" in outcome && outcome.data.presence === "available" && Date.now() - renewedAt > RENEW_EVERY * 1000) {
      const renewed = await put(api, "available", "", outcome.etag);
      if ("data" in renewed) {
        renewedAt = Date.now();
      } else if (renewed.problem.status !== CHANGED && !isOver) {
        note(renewed); // after a 412 the next look decides
      }
    }
  };
  void look();
  const timer = setInterval(() => void look(), READ_EVERY * 1000);
  return () => {
    isOver = true;
    clearInterval(timer);
  };
}

async function put(api: Api, state: Agent["presence"], reason: string, etag: string | null = null): Promise<Outcome<Agent>> {
  return outcomeOf(
    api.PUT("/agents/{agentId}/presence", {
      params: { path: { agentId: "me" }, header: etag === null ? {} : { "If-Match": etag } },
      body: { state, reason, expiresInSeconds: EXPIRES_IN },
    }),
  );
}
