import { type AccountInfo, InteractionRequiredAuthError, type IPublicClientApplication } from "@azure/msal-browser";
import { personOf } from "./person";
import { type Person, type Session, SignInNeeded } from "./session";
import { troubleOf } from "./troubles";

const MFA_REQUIRED = { message: "AADSTS50076" };

/** The session of MSAL's active account. `start` comes first. */
export class EntraSession implements Session {
  person: Person = { id: "", tenantId: "", name: "", account: "", roles: [] };
  needed: SignInNeeded | undefined;
  private readonly account: AccountInfo;
  private readonly listeners = new Set<() => void>();

  constructor(
    private readonly msal: IPublicClientApplication,
    private readonly ownScope: string,
  ) {
    this.account = msal.getActiveAccount() as AccountInfo;
  }

  /** Reads who the person is of the first token. */
  async start(): Promise<void> {
    this.person = personOf(await this.token([this.ownScope]));
  }

  async token(scopes: readonly string[], options: { readonly renew?: boolean } = {}): Promise<string> {
    const request = { scopes: [...scopes], account: this.account, forceRefresh: options.renew ?? false };
    try {
      return (await this.msal.acquireTokenSilent(request)).accessToken;
    } catch (error) {
      if (error instanceof InteractionRequiredAuthError) {
        throw this.need(new SignInNeeded(troubleOf(error), scopes, error.claims));
      }
      throw error;
    }
  }

  subscribe(listener: () => void): () => void {
    this.listeners.add(listener);
    return () => this.listeners.delete(listener);
  }

  challenge(claims: string): void {
    this.need(new SignInNeeded(troubleOf(MFA_REQUIRED), [this.ownScope], claims));
  }

  signInAgain(): Promise<void> {
    const { scopes = [this.ownScope], claims = "" } = this.needed ?? {};
    return this.msal.acquireTokenRedirect({
      scopes: [...scopes],
      account: this.account,
      ...(claims ? { claims } : {}),
    });
  }

  switchAccount(): Promise<void> {
    return this.msal.loginRedirect({ scopes: [this.ownScope], prompt: "select_account" });
  }

  signOut(): Promise<void> {
    return this.msal.logoutRedirect({ account: this.account, logoutHint: this.account.username });
  }

  private need(needed: SignInNeeded): SignInNeeded {
    this.needed = needed;
    this.listeners.forEach((listener) => listener());
    return needed;
  }
}
