import type { Api, Schemas } from "../api/client";
import { outcomeOf } from "../api/query";

const TRIES = 15;
const PAUSE = 1000; // milliseconds

/**
 * End a call in which the caller stays alone after the agent has left it: no plan goes on with it, and no one else is in
 * it. The app learns from ACS who is there, so it is asked until it knows.
 */
export async function endIfAlone(api: Api, callId: string): Promise<void> {
  const params = { path: { callId } };
  for (let n = 0; n < TRIES; n++) {
    const outcome = await outcomeOf(api.GET("/calls/{callId}", { params }));
    const call = "data" in outcome ? outcome.data : undefined;
    if (call && (call.endedAt !== null || call.step !== null)) {
      return;
    }
    if (call && people(call) < 2) {
      await outcomeOf(api.POST("/calls/{callId}/hang-up", { params }));
      return;
    }
    await new Promise((resolve) => setTimeout(resolve, PAUSE));
  }
}

/** The participants without the app's own identity. */
function people(call: Schemas["CallView"]): number {
  return call.participants.filter((each) => each.kind !== "acsUser").length;
}
