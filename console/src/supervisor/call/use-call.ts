import { useState } from "react";
import type { Schemas } from "../../api/client";
import { useQuery } from "../../api/query";
import { useServices } from "../../services";
import { useSecondsIfVisible } from "../../ui/visible";

export type CallView = Schemas["CallView"];
export type TimelineEntry = Schemas["TimelineEntryView"];

const SECONDS = 2;
const SETTLED = ["ended", "missed", "failed", "refused", "rejected", "not ours"];
const AWAITED = ["starting", "active", "paused", "stopped"]; // recordings that another status follows

/** A call and its timeline, asked for again until nothing more is to be expected. */
export function useCall(id: string) {
  const { api } = useServices();
  const [goesOn, setGoesOn] = useState(true);
  const seconds = useSecondsIfVisible(SECONDS);
  const path = { callId: id };
  const call = useQuery(`call ${id}`, () => api.GET("/calls/{callId}", { params: { path } }), goesOn ? seconds : 0);
  const query = { pageSize: 999 };
  const timeline = useQuery(
    call.data ? `timeline ${id}` : "",
    () => api.GET("/calls/{callId}/timeline", { params: { path, query } }),
    goesOn ? seconds : 0,
  );
  const following = call.data === undefined || !isOver(call.data);
  if (following !== goesOn && !call.problem) {
    setGoesOn(following);
    if (!following) {
      timeline.reload();
    }
  }
  const reload = () => {
    call.reload();
    timeline.reload();
  };
  return { call: call.data, problem: call.problem, entries: timeline.data?.value ?? [], reload };
}

export function isOver(call: CallView): boolean {
  return SETTLED.includes(call.state) && !AWAITED.includes(call.recording.status);
}
