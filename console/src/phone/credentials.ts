import { AzureCommunicationTokenCredential, type CommunicationTokenCredential } from "@azure/communication-common";
import { problemOf } from "../api/problem";
import type { Services } from "../services";
import type { Persona } from "./state";

const COMMUNICATION = "https://auth.msft.communication.azure.com";
const AGENT_SCOPES = [`${COMMUNICATION}/TeamsExtension.ManageCalls`];
const TEAMS_SCOPES = [`${COMMUNICATION}/Teams.ManageCalls`, `${COMMUNICATION}/Teams.ManageChats`];
const GUEST_MINUTES = 60;

/** The token of a persona for calls. It renews itself; a renewal that fails shows when the token expires. */
export async function credentialOf(persona: Persona, services: Services): Promise<CommunicationTokenCredential> {
  switch (persona) {
    case "agent":
      return agentCredential(services);
    case "teamsUser":
      return renewed(() => teamsToken(services));
    case "guest":
      return guestCredential(services);
  }
}

/** The SDK exchanges the Entra token itself. Without the scopes it exchanges it for another kind of identity. */
function agentCredential({ config, session }: Services): CommunicationTokenCredential {
  return new AzureCommunicationTokenCredential({
    resourceEndpoint: config.acsEndpoint,
    scopes: AGENT_SCOPES,
    tokenCredential: {
      getToken: async () => ({ token: await session.token(AGENT_SCOPES), expiresOnTimestamp: soon() }),
    },
  });
}

/** The session renews its tokens, so that none is kept here: it is asked again after a few minutes. */
function soon(): number {
  return Date.now() + 5 * 60_000;
}

function renewed(tokenRefresher: () => Promise<string>, token?: string): CommunicationTokenCredential {
  const first = token === undefined ? {} : { token };
  return new AzureCommunicationTokenCredential({ tokenRefresher, refreshProactively: true, ...first });
}

async function teamsToken({ api, session }: Services): Promise<string> {
  const entraToken = await session.token(TEAMS_SCOPES);
  const { data, error, response } = await api.POST("/teams-tokens", { body: { entraToken } });
  if (!data) {
    throw new Error(problemOf(response, error).detail);
  }
  return data.token;
}

async function guestCredential({ api, guestToken: given }: Services): Promise<CommunicationTokenCredential> {
  if (given) {
    return renewed(given, await given());
  }
  const { data, error, response } = await api.POST("/identities", {
    body: { scopes: ["voip"], minutes: GUEST_MINUTES },
  });
  if (!data?.token) {
    throw new Error(problemOf(response, error).detail);
  }
  const identityId = data.id;
  return renewed(() => guestToken(api, identityId), data.token.token);
}

async function guestToken(api: Services["api"], identityId: string): Promise<string> {
  const { data, error, response } = await api.POST("/identities/{identityId}/tokens", {
    params: { path: { identityId } },
    body: { scopes: ["voip"], minutes: GUEST_MINUTES },
  });
  if (!data) {
    throw new Error(problemOf(response, error).detail);
  }
  return data.token;
}
