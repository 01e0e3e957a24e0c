import createClient, { type Client } from "openapi-fetch";
import { apiScope, type Config } from "../config";
import type { Session } from "../signin/session";
import type { components, paths } from "./schema";

export type Api = Client<paths>;
export type Schemas = components["schemas"];

/** A client of the API, typed by its OpenAPI document, that signs its requests with the session's token. */
export function createApi(config: Config, session: Session): Api {
  const api = createClient<paths>({ baseUrl: config.api });
  const scopes = [apiScope(config)];
  api.use({
    async onRequest({ request }) {
      request.headers.set("Authorization", `Bearer ${await session.token(scopes)}`);
      return request;
    },
  });
  return api;
}
