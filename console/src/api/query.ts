import { useCallback, useEffect, useRef, useState } from "react";
import { SignInNeeded } from "../signin/session";
import { type Problem, problemOf } from "./problem";

/** What the client of the API resolves with. */
export interface Answer<T> {
  readonly data?: T;
  readonly error?: unknown;
  readonly response: Response;
}

export type Outcome<T> =
  | { readonly data: T; readonly etag: string | null; readonly status: number }
  | { readonly problem: Problem };

const UNREACHABLE: Problem = {
  status: 0,
  title: "The API cannot be reached",
  detail: "The request got no response.",
  remedy: "Check the connection of this computer. If others have the same problem, report it to the operators.",
};

/** The data of a request, or the problem in its place. Never rejects. */
export async function outcomeOf<T>(request: Promise<Answer<T>>): Promise<Outcome<T>> {
  try {
    const { data, error, response } = await request;
    if (!response.ok) {
      return { problem: problemOf(response, error) };
    }
    return { data: data as T, etag: response.headers.get("ETag"), status: response.status };
  } catch (error) {
    return { problem: withoutResponse(error) };
  }
}

function withoutResponse(error: unknown): Problem {
  if (error instanceof SignInNeeded) {
    return { status: 0, title: error.trouble.title, detail: "The request was not sent.", remedy: error.trouble.remedy };
  }
  return error instanceof TypeError ? UNREACHABLE : { ...UNREACHABLE, detail: String(error) };
}

export interface Query<T> {
  readonly data: T | undefined;
  /** The problem of the last request; the data of an earlier one stays. */
  readonly problem: Problem | undefined;
  readonly reload: () => void;
}

/**
 * The data of a GET, or of a search. It is requested again when `key` changes, and every `seconds`; an empty `key`
 * requests nothing.
 */
export function useQuery<T>(key: string, load: () => Promise<Answer<T>>, seconds = 0): Query<T> {
  const [found, setFound] = useState<{ key: string; data?: T; problem?: Problem }>({ key });
  const [round, setRound] = useState(0);
  const latest = useRef(load);
  latest.current = load;
  useEffect(() => {
    if (key === "") {
      return;
    }
    let isCurrent = true;
    const request = async () => {
      const outcome = await outcomeOf(latest.current());
      if (isCurrent) {
        setFound((last) => ({ ...(last.key === key && "data" in last ? { data: last.data as T } : {}), key, ...outcome }));
      }
    };
    void request();
    const timer = seconds > 0 ? setInterval(() => void request(), seconds * 1000) : undefined;
    return () => {
      isCurrent = false;
      clearInterval(timer);
    };
  }, [key, seconds, round]);
  const reload = useCallback(() => setRound((last) => last + 1), []);
  const mine = found.key === key ? found : undefined;
  return { data: mine?.data, problem: mine?.problem, reload };
}
