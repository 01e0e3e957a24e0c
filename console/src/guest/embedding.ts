/**
 * The page of another site that embeds this one gives the guest's token. Its own server gets the token from the API
 * (`POST /identities`), so that no secret is in a browser.
 *
 * Messages: this page sends `{type: "teams-phone.token-wanted"}`, at the start and before a token expires. The
 * embedding page answers with `{type: "teams-phone.token", token}`. Only the origins of the setting `embedders` count.
 */
const WANTED = "teams-phone.token-wanted";
const TOKEN = "teams-phone.token";
const PATIENCE = 20_000; // milliseconds

/** Asks the embedding page for a token. Rejects with the reason, where none comes. */
export function askEmbedder(origins: readonly string[]): Promise<string> {
  if (window.parent === window) {
    return Promise.reject(new Error("This page is made to be embedded in another site, which signs its guests in."));
  }
  return new Promise((resolve, reject) => {
    const stop = () => {
      removeEventListener("message", listen);
      clearTimeout(timer);
    };
    const listen = (event: MessageEvent<unknown>) => {
      const token = tokenOf(event, origins);
      if (token !== undefined) {
        stop();
        resolve(token);
      }
    };
    const timer = setTimeout(() => {
      stop();
      reject(new Error("The site around this page gave no token. It must be among the origins in the setting `embedders`."));
    }, PATIENCE);
    addEventListener("message", listen);
    origins.forEach((origin) => window.parent.postMessage({ type: WANTED }, origin));
  });
}

function tokenOf(event: MessageEvent<unknown>, origins: readonly string[]): string | undefined {
  const data = event.data as { type?: unknown; token?: unknown } | null;
  const isTrusted = event.source === window.parent && origins.includes(event.origin);
  return isTrusted && data?.type === TOKEN && typeof data.token === "string" ? data.token : undefined;
}
