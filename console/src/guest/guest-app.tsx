import { createApi } from "../api/client";
import type { Config } from "../config";
import type { Services } from "../services";
import type { Session } from "../signin/session";
import { Providers } from "../ui/providers";
import { askEmbedder } from "./embedding";
import { GuestPage } from "./guest-page";

/** The page of a guest: no one signs in, and the site around it gives the token for calls. */
export function GuestApp({ config }: { readonly config: Config }) {
  return (
    <Providers services={guestServices(config)}>
      <GuestPage />
    </Providers>
  );
}

const NO_SIGN_IN: Session = {
  person: { id: "", tenantId: "", name: "Guest", account: "", roles: [] },
  token: () => Promise.reject(new Error("A guest is not signed in.")),
  needed: undefined,
  subscribe: () => () => undefined,
  challenge: () => undefined,
  signInAgain: () => Promise.resolve(),
  switchAccount: () => Promise.resolve(),
  signOut: () => Promise.resolve(),
};

let made: Services | undefined;

function guestServices(config: Config): Services {
  const session = NO_SIGN_IN;
  made ??= { config, session, api: createApi(config, session), guestToken: () => askEmbedder(config.embedders) };
  return made;
}
