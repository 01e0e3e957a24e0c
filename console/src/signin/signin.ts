import { createStandardPublicClientApplication, type IPublicClientApplication } from "@azure/msal-browser";
import { apiScope, type Config } from "../config";
import { EntraSession } from "./entra-session";
import { type Session, SignInNeeded } from "./session";

const REDIRECTED = "/signin.html";

/** The session of the person who signs in. Where nobody has, the page leaves for Entra's, and nothing is returned. */
export async function signIn(config: Config): Promise<Session> {
  const msal = await createStandardPublicClientApplication(settings(config));
  const redirected = await msal.handleRedirectPromise();
  const account = redirected?.account ?? msal.getActiveAccount();
  if (account === null) {
    return left(msal.loginRedirect({ scopes: [apiScope(config)] }));
  }
  msal.setActiveAccount(account);
  return open(msal, config, redirected !== null);
}

/** The session of MSAL's active account. One that can't be renewed is begun again, unless that was just done. */
async function open(msal: IPublicClientApplication, config: Config, fresh: boolean): Promise<Session> {
  const session = new EntraSession(msal, apiScope(config));
  try {
    await session.start();
  } catch (error) {
    if (error instanceof SignInNeeded && !fresh) {
      return left(session.signInAgain());
    }
    throw error;
  }
  return session;
}

async function left(leaving: Promise<void>): Promise<never> {
  await leaving;
  return new Promise<never>(() => undefined);
}

function settings(config: Config) {
  const at = `${location.origin}${REDIRECTED}`;
  return {
    auth: {
      clientId: config.clientId,
      authority: config.authority,
      knownAuthorities: [...config.knownAuthorities],
      redirectUri: at,
      postLogoutRedirectUri: at,
      ...(config.authorityMetadata ? { authorityMetadata: JSON.stringify(config.authorityMetadata) } : {}),
    },
    // The tokens live as long as the tab: on a shared desk none stay behind, and no script in another tab reads them.
    // Another tab signs in without a question, by Entra's own cookie.
    cache: { cacheLocation: "sessionStorage" as const },
  };
}
