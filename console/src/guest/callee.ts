import type { Callee } from "../phone/state";

const GUID = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i;

export interface Addressee {
  readonly callee: Callee;
  readonly title: string;
}

/** Whom the guest calls, from the page's address: `?app=` (auto attendant, call queue) or `?user=`, and `title=`. */
export function addresseeOf(search: string): Addressee | undefined {
  const query = new URLSearchParams(search);
  const title = query.get("title")?.slice(0, 60);
  const [app, user] = [query.get("app"), query.get("user")];
  if (app !== null && GUID.test(app)) {
    return { callee: { kind: "teamsApp", id: app }, title: title ?? "our team" };
  }
  if (user !== null && GUID.test(user)) {
    return { callee: { kind: "teamsUser", id: user }, title: title ?? "us" };
  }
  return undefined;
}
