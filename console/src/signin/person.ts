import type { Person, Role } from "./session";

/**
 * The person of an access token for the API. Its app roles are in no other token. The console may read it, since both
 * are one product: the registration asks for tokens of version 2. The API alone decides by them.
 */
export function personOf(accessToken: string): Person {
  const claims = claimsOf(accessToken);
  return {
    id: claims.oid ?? "",
    tenantId: claims.tid ?? "",
    name: claims.name ?? claims.preferred_username ?? "",
    account: claims.preferred_username ?? "",
    roles: claims.roles ?? [],
  };
}

interface Claims {
  readonly oid?: string;
  readonly tid?: string;
  readonly name?: string;
  readonly preferred_username?: string;
  readonly roles?: readonly Role[];
}

function claimsOf(token: string): Claims {
  const payload = (token.split(".")[1] ?? "").replace(/-/g, "+").replace(/_/g, "/");
  const bytes = Uint8Array.from(atob(payload), (character) => character.charCodeAt(0));
  return JSON.parse(new TextDecoder().decode(bytes)) as Claims;
}
