import type { Schemas } from "../api/client";
import { type Query, useQuery } from "../api/query";
import { useServices } from "../services";
import { useSecondsIfVisible } from "../ui/visible";

export type CallSummary = Schemas["CallSummary"];
export type LiveView = Schemas["LiveView"];

const SECONDS = 3;

/** The calls that go on. The browser revalidates its copy: where nothing has changed, a request brings a 304. */
export function useLiveCalls(): Query<LiveView> {
  const { api } = useServices();
  return useQuery("live", () => api.GET("/calls/live", {}), useSecondsIfVisible(SECONDS));
}
