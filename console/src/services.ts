import { createContext, useContext } from "react";
import type { Api } from "./api/client";
import type { Config } from "./config";
import type { Session } from "./signin/session";

/** What every view can use: the settings, who is signed in, the API. */
export interface Services {
  readonly config: Config;
  readonly session: Session;
  readonly api: Api;
  /** A token of a guest for calls, in place of a sign-in. */
  readonly guestToken?: () => Promise<string>;
}

export const ServicesContext = createContext<Services | null>(null);

export function useServices(): Services {
  const services = useContext(ServicesContext);
  if (services === null) {
    throw new Error("useServices is called outside Providers");
  }
  return services;
}
