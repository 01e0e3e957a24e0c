import { useEffect, useState } from "react";
import type { Schemas } from "../api/client";
import type { Problem } from "../api/problem";
import { outcomeOf } from "../api/query";
import { useServices } from "../services";
import type { Plan } from "./schema";

const PAUSE = 400; // milliseconds without a key, before the plan is checked

export const EXAMPLE: Plan = {
  start: "welcome",
  steps: { welcome: { type: "play", prompt: { text: "Welcome." }, then: "bye" }, bye: { type: "hangUp" } },
};

/** The plan as it is saved. ``etag`` is null where there is none yet. */
export interface Saved {
  readonly plan: Plan;
  readonly etag: string | null;
  readonly version: number;
}

export function usePlanStore(planId: string) {
  const { api } = useServices();
  const params = { path: { planId } };
  const load = async (): Promise<Saved | Problem> => {
    const outcome = await outcomeOf(api.GET("/plans/{planId}", { params }));
    if ("problem" in outcome) {
      return outcome.problem.status === 404 ? { plan: EXAMPLE, etag: null, version: 0 } : outcome.problem;
    }
    return { plan: planOf(outcome.data.plan), etag: outcome.etag, version: outcome.data.version };
  };
  /** Save over the version that was read; a problem with the status 412 if another one is there. */
  const save = async (plan: Plan, etag: string | null): Promise<Problem | undefined> => {
    const header = etag ? { "If-Match": etag } : {};
    const outcome = await outcomeOf(
      api.PUT("/plans/{planId}", { params: { ...params, header }, body: plan as unknown as Schemas["Plan"] }),
    );
    return "problem" in outcome ? outcome.problem : undefined;
  };
  const version = async (number: number): Promise<Plan | Problem> => {
    const path = { planId, version: String(number) };
    const outcome = await outcomeOf(api.GET("/plans/{planId}/versions/{version}", { params: { path } }));
    return "problem" in outcome ? outcome.problem : planOf(outcome.data.plan);
  };
  return { load, save, version };
}

/** A plan as a person writes it: the API adds what a step has by default. */
export function planOf(plan: unknown): Plan {
  return JSON.parse(JSON.stringify(plan, (_, value) => (value === null ? undefined : value))) as Plan;
}

export interface Check {
  readonly errors: ReadonlyMap<string, string>;
  readonly isChecking: boolean;
  /** The drawing of the last plan without errors. */
  readonly svg: string | undefined;
}

const NONE: Check = { errors: new Map(), isChecking: true, svg: undefined };

/** The errors of a plan by their paths, and its picture, a moment after the last change. */
export function useCheck(plan: Plan | undefined): Check {
  const { api } = useServices();
  const [found, setFound] = useState<Check>(NONE);
  useEffect(() => {
    if (plan === undefined) {
      return;
    }
    let isCurrent = true;
    setFound((last) => ({ ...last, isChecking: true }));
    const body = plan as unknown as Schemas["Plan"];
    const check = async () => {
      const checked = await outcomeOf(api.POST("/plans/check", { body: body as never }));
      const errors = new Map("problem" in checked ? [] : checked.data.errors.map((each) => [each.path, each.detail]));
      const drawn = errors.size === 0 ? await outcomeOf(api.POST("/plans/drawing", { body })) : undefined;
      const svg = drawn && !("problem" in drawn) ? drawn.data.svg : undefined;
      if (isCurrent) {
        setFound((last) => ({ errors, isChecking: false, svg: svg ?? last.svg }));
      }
    };
    const timer = setTimeout(() => void check(), PAUSE);
    return () => {
      isCurrent = false;
      clearTimeout(timer);
    };
  }, [api, plan]);
  return found;
}
