import { useMemo } from "react";
import type { Problem } from "../api/problem";
import { useServices } from "../services";

/** The control API of the emulator (emulator/README.md). */
export interface Control {
  get<T>(path: string): Promise<T>;
  send(method: "POST" | "DELETE", path: string, body?: unknown): Promise<Problem | undefined>;
}

export function useControl(): Control {
  const { config } = useServices();
  const root = `${config.emulator}/_emulator`;
  return useMemo(
    () => ({
      get: async <T>(path: string) => (await (await fetch(`${root}/${path}`)).json()) as T,
      send: async (method, path, body) => {
        const response = await fetch(`${root}/${path}`, { method, ...(body === undefined ? {} : { body: JSON.stringify(body) }) });
        return response.ok ? undefined : refusal(response, (await response.json()) as { error?: string });
      },
    }),
    [root],
  );
}

function refusal(response: Response, body: { readonly error?: string }): Problem {
  return { status: response.status, title: "The emulator refused this", detail: body.error ?? response.statusText };
}
