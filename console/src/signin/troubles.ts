/** A failed sign-in in words: what happened, and what the reader can do. */
export interface Trouble {
  readonly title: string;
  readonly remedy: string;
}

const AGAIN = "Sign in again.";
const ADMINISTRATOR = "Ask an administrator of your organization";

/** By Entra's AADSTS numbers and MSAL's codes. Source: "Microsoft Entra authentication and authorization error codes". */
const TROUBLES: Readonly<Record<string, Trouble>> = {
  "65004": {
    title: "You did not give your consent",
    remedy: `The console works only with it. Sign in again and choose Accept, or decline if you do not want to use it.`,
  },
  "65001": {
    title: "The console needs your consent for this",
    remedy: `Sign in again and choose Accept. If you may not, ask an administrator to consent for the organization.`,
  },
  "90094": {
    title: "Only an administrator can give this consent",
    remedy: `${ADMINISTRATOR} to consent to the console. Then sign in again.`,
  },
  "50105": {
    title: "Your account is not assigned to this application",
    remedy: `${ADMINISTRATOR} to assign you a role. Then sign in again.`,
  },
  "50057": { title: "Your account is disabled", remedy: `${ADMINISTRATOR} to enable it, or use another account.` },
  "50076": {
    title: "Your organization asks for a second factor",
    remedy: "Sign in again and approve the request of your authenticator. Calls in progress end when you leave the page.",
  },
  "50079": {
    title: "Your organization asks you to register a second factor",
    remedy: "Sign in again and follow the pages. Calls in progress end when you leave the page.",
  },
  "53003": {
    title: "A Conditional Access policy blocks this sign-in",
    remedy: `Use a device and a network that your organization allows, or ask an administrator which policy it is.`,
  },
  "700016": {
    title: "Your organization does not have this application",
    remedy: `${ADMINISTRATOR} to consent to the console, or use an account of another organization.`,
  },
  "9002326": {
    title: "The console's registration in Entra is not that of a single-page application",
    remedy: "An administrator moves its redirect URI to the platform “Single-page application”.",
  },
  "700084": { title: "Your sign-in has expired: it lasts 24 hours", remedy: AGAIN },
  login_required: {
    title: "Your sign-in has expired",
    remedy: `${AGAIN} If this happens often, the browser blocks third-party cookies, without which it can't be renewed.`,
  },
  storage_not_supported: {
    title: "The browser gives this page no storage",
    remedy: "Leave the private window, or allow this site to keep data. Then sign in again.",
  },
  crypto_nonexistent: {
    title: "The browser has no cryptography for this page",
    remedy: "Open the console by its https address.",
  },
  network: {
    title: "Microsoft Entra can't be reached",
    remedy: "Check the connection of this device, and whether a proxy or an extension blocks the address. Then try again.",
  },
  interrupted: { title: "The sign-in was interrupted", remedy: AGAIN },
};

const NETWORK = ["network_error", "no_network_connectivity", "post_request_failed", "get_request_failed", "openid_config_error", "endpoints_resolution_error"];
const EXPIRED = ["timed_out", "monitor_window_timeout", "no_tokens_found", "refresh_token_expired", "interaction_required"];
const INTERRUPTED = ["state_not_found", "state_mismatch", "interaction_in_progress", "no_cached_authority_error", "nonce_mismatch"];
const SAME_AS: Readonly<Record<string, string>> = {
  "65005": "65001",
  "90095": "90094",
  "50072": "50079",
  "50158": "50076",
  "53000": "53003",
  "53001": "53003",
  "50058": "login_required",
  ...Object.fromEntries(NETWORK.map((code) => [code, "network"])),
  ...Object.fromEntries(EXPIRED.map((code) => [code, "login_required"])),
  ...Object.fromEntries(INTERRUPTED.map((code) => [code, "interrupted"])),
};

/** The words for an error of MSAL or of Entra; `minutesOff` is how far the clock of this device is from the server's. */
export function troubleOf(error: unknown, minutesOff = 0): Trouble {
  const { errorCode = "", message } = error as { errorCode?: string; message?: string };
  const number = /AADSTS(\d+)/.exec(message ?? "")?.[1] ?? "";
  const known = [number, errorCode].map((code) => TROUBLES[SAME_AS[code] ?? code]).find((each) => each !== undefined);
  return withClock(known ?? { title: `The sign-in failed: ${firstLine(message) || errorCode}`, remedy: AGAIN }, minutesOff);
}

const MOST_MINUTES_OFF = 5;

function withClock(trouble: Trouble, minutesOff: number): Trouble {
  if (Math.abs(minutesOff) < MOST_MINUTES_OFF) {
    return trouble;
  }
  const direction = minutesOff > 0 ? "ahead" : "behind";
  const clock = `The clock of this device is ${Math.abs(minutesOff)} minutes ${direction}: correct it first.`;
  return { ...trouble, remedy: `${clock} ${trouble.remedy}` };
}

function firstLine(message = ""): string {
  return message.split(/ Trace ID:|\n/)[0]?.trim() ?? "";
}
