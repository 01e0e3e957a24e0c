import { useEffect, useState } from "react";
import type { Api, Schemas } from "../api/client";
import { useServices } from "../services";

export type Party = Schemas["PartyView"];

const KNOWN = new WeakMap<Api, Map<string, Promise<string | null>>>();

/** The display name of a user, asked for once; null where the directory does not say. */
function nameOf(api: Api, id: string): Promise<string | null> {
  const known = KNOWN.get(api) ?? new Map<string, Promise<string | null>>();
  KNOWN.set(api, known);
  const name = known.get(id) ?? fetchName(api, id);
  known.set(id, name);
  return name;
}

async function fetchName(api: Api, id: string): Promise<string | null> {
  try {
    const { data } = await api.GET("/users/{userId}", { params: { path: { userId: id } } });
    return data?.displayName ?? null;
  } catch {
    return null;
  }
}

/** The name of a user, or the beginning of the object id until it is known. */
export function useName(id: string): string {
  const { api } = useServices();
  const [found, setFound] = useState<string | null>(null);
  useEffect(() => {
    let isCurrent = true;
    void nameOf(api, id).then((name) => isCurrent && setFound(name));
    return () => {
      isCurrent = false;
    };
  }, [api, id]);
  return found ?? `User ${id.slice(0, 8)}`;
}

function UserName(props: { readonly id: string }) {
  return <>{useName(props.id)}</>;
}

const KINDS: Record<string, string> = { resourceAccount: "Resource account", acsUser: "ACS user" };

/** Who somebody is: the name, else the number, else the kind of identity. */
export function PartyName({ party }: { readonly party: Party | null }) {
  if (party === null) {
    return <>–</>;
  }
  if (party.name || party.number) {
    return <>{party.name ?? party.number}</>;
  }
  return party.userId ? <UserName id={party.userId} /> : <>{KINDS[party.kind] ?? "Unknown"}</>;
}

/** Several of them, separated by commas. */
export function PartyNames({ parties }: { readonly parties: readonly Party[] }) {
  return parties.map((party, n) => (
    <span key={party.id}>
      {n > 0 && ", "}
      <PartyName party={party} />
    </span>
  ));
}

const ID = /\b((?:agent|user|Teams user) )([0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12})\b/g;

/** A text of the timeline, with the names of the people whose object ids are in it. */
export function WithNames({ text }: { readonly text: string }) {
  const parts = text.split(ID); // text, kind, id, text, …
  return parts.map((part, n) => {
    const isId = n % 3 === 2;
    return isId ? <UserName key={n} id={part} /> : <span key={n}>{n % 3 === 1 ? "" : part}</span>;
  });
}
