import { useEffect, useState } from "react";
import { outcomeOf } from "../api/query";
import type { Api } from "../api/client";
import { useServices } from "../services";
import { useSecondsIfVisible } from "../ui/visible";
import { type Line, readable } from "./lines";

const SECONDS = 1;

interface Read {
  readonly lines: readonly Line[];
  readonly nextOffset: number;
  readonly isComplete: boolean;
}

const NOTHING: Read = { lines: [], nextOffset: 0, isComplete: false };

/** What is said in a call: read from the last offset on, as long as lines can follow; empty where nothing is written. */
export function useTranscript(callId: string, callGoesOn: boolean): readonly Line[] {
  const { api } = useServices();
  const [read, setRead] = useState<Read>(NOTHING);
  const seconds = useSecondsIfVisible(SECONDS);
  useEffect(() => setRead(NOTHING), [callId]);
  useEffect(() => {
    if (read.isComplete) {
      return;
    }
    let isCurrent = true;
    const request = async () => {
      const more = await following(api, callId, read);
      if (isCurrent && more) {
        setRead(more);
      }
    };
    void request();
    const timer = callGoesOn && seconds > 0 ? setInterval(() => void request(), seconds * 1000) : undefined;
    return () => {
      isCurrent = false;
      clearInterval(timer);
    };
  }, [api, callId, callGoesOn, seconds, read]);
  return readable(read.lines);
}

/** The transcript with the lines that follow; undefined where there are none, or none can be read now. */
async function following(api: Api, callId: string, read: Read): Promise<Read | undefined> {
  const params = { path: { callId }, query: { offset: read.nextOffset } };
  const outcome = await outcomeOf(api.GET("/calls/{callId}/transcript", { params }));
  if ("problem" in outcome || (outcome.data.nextOffset === read.nextOffset && !outcome.data.isComplete)) {
    return undefined;
  }
  const { lines, nextOffset, isComplete } = outcome.data;
  return { lines: [...read.lines, ...lines], nextOffset, isComplete };
}
