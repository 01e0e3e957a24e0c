import { useEffect, useState } from "react";
import type { Api } from "../api/client";
import { useServices } from "../services";
import { type Named, namedBy } from "./raw-ids";

const found = new Map<string, Promise<string | undefined>>();

/** The name of a party: the platform's, or that of a customer or of a person in the directory; else its number. */
export function useName(rawId: string | undefined, displayName?: string | null): string {
  const { api } = useServices();
  const [known, setKnown] = useState<string>();
  useEffect(() => {
    let isCurrent = true;
    setKnown(undefined);
    if (rawId && !displayName) {
      void nameOf(api, rawId).then((name) => isCurrent && setKnown(name));
    }
    return () => {
      isCurrent = false;
    };
  }, [api, rawId, displayName]);
  return displayName || known || fallback(rawId);
}

function fallback(rawId: string | undefined): string {
  const named = namedBy(rawId ?? "");
  return named.kind === "number" ? named.number : KINDS[named.kind];
}

const KINDS: Readonly<Record<Exclude<Named["kind"], "number">, string>> = {
  user: "A colleague",
  account: "A line",
  other: "Unknown caller",
};

/** Requested once for each party. One that cannot be found, or whose request fails, has none. */
export function nameOf(api: Api, rawId: string): Promise<string | undefined> {
  const known = found.get(rawId) ?? lookUp(api, namedBy(rawId)).catch(() => undefined);
  found.set(rawId, known);
  return known;
}

async function lookUp(api: Api, named: Named): Promise<string | undefined> {
  switch (named.kind) {
    case "number":
      return (await api.POST("/customers/search", { body: { number: named.number, continuation: null } })).data?.value[0]?.name;
    case "user":
      return (await api.GET("/users/{userId}", { params: { path: { userId: named.id } } })).data?.displayName;
    case "account":
      return (await api.GET("/resource-accounts/{accountId}", { params: { path: { accountId: named.id } } })).data?.displayName;
    case "other":
      return undefined;
  }
}
