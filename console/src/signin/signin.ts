import type { Config } from "../config";
import type { Person, Role, Session } from "./session";

/** The session of a user of the emulated Entra, named in the address: `?user=grace`. */
export async function signIn(config: Config): Promise<Session> {
  const name = new URLSearchParams(location.search).get("user") ?? sessionStorage.getItem("user") ?? "grace";
  sessionStorage.setItem("user", name);
  const token = await fetchToken(config, name);
  return { person: personOf(token), token: async () => token, signOut: async () => sessionStorage.clear() };
}

async function fetchToken(config: Config, user: string): Promise<string> {
  const response = await fetch(`${config.emulator}/_emulator/entra/tokens`, {
    method: "POST",
    body: JSON.stringify({ user }),
  });
  return ((await response.json()) as { token: string }).token;
}

function personOf(token: string): Person {
  const claims = JSON.parse(atob((token.split(".")[1] ?? "").replace(/-/g, "+").replace(/_/g, "/")));
  return {
    id: claims.oid,
    tenantId: claims.tid,
    name: claims.name ?? claims.preferred_username,
    account: claims.preferred_username,
    roles: (claims.roles ?? []) as Role[],
  };
}
