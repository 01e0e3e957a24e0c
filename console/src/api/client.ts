import createClient, { type Client, type Middleware } from "openapi-fetch";
import { apiScope, type Config } from "../config";
import type { Session } from "../signin/session";
import type { components, paths } from "./schema";

export type Api = Client<paths>;
export type Schemas = components["schemas"];

const UNAUTHORIZED = 401;

/** A client of the API, typed by its OpenAPI document, that signs its requests with the session's token. */
export function createApi(config: Config, session: Session): Api {
  const api = createClient<paths>({ baseUrl: config.api });
  api.use(signed(session, [apiScope(config)]));
  return api;
}

/**
 * A refused token is replaced once, and the request repeated: a device whose clock was set back takes an expired token
 * for a good one. A challenge of Entra, such as for a second factor, goes to the session, which asks for a sign-in.
 */
function signed(session: Session, scopes: readonly string[]): Middleware {
  const copies = new Map<string, Request>();
  return {
    async onRequest({ request, id }) {
      request.headers.set("Authorization", `Bearer ${await session.token(scopes)}`);
      copies.set(id, request.clone());
      return request;
    },
    async onResponse({ response, id, options }) {
      const copy = copies.get(id);
      copies.delete(id);
      if (response.status !== UNAUTHORIZED || copy === undefined) {
        return undefined;
      }
      const claims = claimsOf(response);
      if (claims !== "") {
        session.challenge(claims);
        return undefined;
      }
      copy.headers.set("Authorization", `Bearer ${await session.token(scopes, { renew: true })}`);
      return options.fetch(copy);
    },
    onError({ id }) {
      copies.delete(id);
    },
  };
}

/** The claims that the API asks for, as JSON; "" where it asks for none. */
function claimsOf(response: Response): string {
  const encoded = /claims="([^"]+)"/.exec(response.headers.get("WWW-Authenticate") ?? "")?.[1];
  return encoded === undefined ? "" : atob(encoded);
}
