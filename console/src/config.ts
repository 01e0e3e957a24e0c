/** The settings of this console, which the server that hosts it serves as `/config.json`. */
export interface Config {
  /** The base URL of the API, such as `https://func-contoso.azurewebsites.net/api/v1`. */
  readonly api: string;
  /** The Entra application (client) id of the API; the scope is `api://{apiClientId}/access_as_user`. */
  readonly apiClientId: string;
  /** The Entra application (client) id of this console, a single-page application. */
  readonly clientId: string;
  /** The authority, such as `https://login.microsoftonline.com/organizations`. */
  readonly authority: string;
  /** Hosts of authorities that are no public cloud's, such as `localhost:7443`. */
  readonly knownAuthorities: readonly string[];
  /** The OpenID configuration of an authority whose own can't be fetched. */
  readonly authorityMetadata?: Readonly<Record<string, string>>;
  /** Which implementation of calls: the calling SDK, or the emulator's client endpoint. */
  readonly calls: "acs" | "local";
  /** The origins of the sites that may embed the guest's page and give it tokens, such as `https://www.contoso.com`. */
  readonly embedders: readonly string[];
  /** The endpoint of the ACS resource, for the token of an agent. */
  readonly acsEndpoint: string;
  /** The emulator's address, where there is one. It adds the pages that only an emulator can give. */
  readonly emulator?: string;
}

const REQUIRED = ["api", "apiClientId", "clientId", "authority", "calls"] as const;

/** The scope of the API. */
export function apiScope(config: Config): string {
  return `api://${config.apiClientId}/access_as_user`;
}

/** The settings are not there, or not complete; the text says what is missing. */
export class ConfigError extends Error {}

/** The settings. Throws ConfigError. */
export async function loadConfig(): Promise<Config> {
  const response = await fetch("/config.json", { cache: "no-store" });
  if (!response.ok) {
    throw new ConfigError(`/config.json: HTTP ${response.status}. The server of this page has no settings for it.`);
  }
  return checked((await response.json()) as Partial<Config>);
}

function checked(given: Partial<Config>): Config {
  const missing = REQUIRED.filter((name) => !given[name]);
  if (missing.length > 0) {
    throw new ConfigError(`/config.json has no ${missing.join(", ")}. Add what is missing to the settings of this page.`);
  }
  return { knownAuthorities: [], embedders: [], acsEndpoint: "", ...given } as Config;
}
