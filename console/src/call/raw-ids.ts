/** Who a raw id of ACS names: `4:+49…`, `8:orgid:…`, `8:acs:…`, `28:orgid:…`. */
export type Named =
  | { readonly kind: "number"; readonly number: string }
  | { readonly kind: "user"; readonly id: string }
  | { readonly kind: "account"; readonly id: string }
  | { readonly kind: "other" };

export function namedBy(rawId: string): Named {
  if (rawId.startsWith("4:")) {
    return { kind: "number", number: rawId.slice(2) };
  }
  if (rawId.startsWith("28:")) {
    return { kind: "account", id: lastPart(rawId) };
  }
  const agent = /^8:acs:[^_]+_[^_]+_([0-9a-f-]{36})$/i.exec(rawId); // resource, tenant, user
  const user = rawId.startsWith("8:orgid:") ? lastPart(rawId) : agent?.[1];
  return user === undefined ? { kind: "other" } : { kind: "user", id: user };
}

function lastPart(rawId: string): string {
  return rawId.slice(rawId.lastIndexOf(":") + 1);
}
