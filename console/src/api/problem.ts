/** What the API answers where a request fails (RFC 9457). */
export interface Problem {
  readonly status: number;
  readonly title: string;
  readonly detail: string;
  /** What the reader can do about it, where the API knows. */
  readonly remedy?: string;
}

/** The problem of a failed response, or one in its place where the body is no problem. */
export function problemOf(response: Response, body: unknown): Problem {
  const given = typeof body === "object" && body !== null ? (body as Partial<Problem>) : {};
  return {
    ...given,
    status: response.status,
    title: given.title ?? response.statusText,
    detail: given.detail ?? `${response.url} answered HTTP ${response.status}.`,
  };
}
