import type { Trouble } from "./troubles";

/** Who is signed in, and the tokens of that person. */
export type Role = "Agent" | "Supervisor" | "Administrator";

export interface Person {
  /** The object id in Entra. */
  readonly id: string;
  readonly tenantId: string;
  readonly name: string;
  /** The user principal name. */
  readonly account: string;
  /** The app roles of the API that the person has. */
  readonly roles: readonly Role[];
}

export interface Session {
  readonly person: Person;
  /**
   * An access token with the scopes, which are of one resource; renewed when it is about to expire, or in any case with
   * `renew`. Rejects with SignInNeeded where only a page of Entra can help; the console then offers `signInAgain`.
   */
  token(scopes: readonly string[], options?: { readonly renew?: boolean }): Promise<string>;
  /** Why the last token was refused, until a sign-in. */
  readonly needed: SignInNeeded | undefined;
  /** Calls the listener when `needed` changes. Returns what ends it. */
  subscribe(listener: () => void): () => void;
  /** The API wants a stronger sign-in: the claims of its response become those of `needed`. */
  challenge(claims: string): void;
  /** Leaves for Entra's page, and comes back to this address with what `needed` asks for. */
  signInAgain(): Promise<void>;
  /** Leaves for Entra's page, where another account can be chosen. */
  switchAccount(): Promise<void>;
  signOut(): Promise<void>;
}

/** A token can't be had without a page of Entra. */
export class SignInNeeded extends Error {
  constructor(
    readonly trouble: Trouble,
    readonly scopes: readonly string[],
    readonly claims: string,
  ) {
    super(`${trouble.title}. ${trouble.remedy}`);
    this.name = "SignInNeeded";
  }
}

export function hasRole(person: Person, ...roles: readonly Role[]): boolean {
  return roles.some((role) => person.roles.includes(role));
}
