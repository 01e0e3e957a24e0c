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
  /** An access token with the scopes; renewed when it is about to expire. Rejects where a sign-in is needed. */
  token(scopes: readonly string[]): Promise<string>;
  signOut(): Promise<void>;
}

export function hasRole(person: Person, ...roles: readonly Role[]): boolean {
  return roles.some((role) => person.roles.includes(role));
}
