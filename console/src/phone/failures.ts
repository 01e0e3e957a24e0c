import type { Notice } from "./events";

const AGAIN = "Try again.";

/**
 * What failed and what to do, by the subcode of the calling SDK's error.
 * Source: Microsoft Learn, "Troubleshooting call end response codes", codes of the calling SDK.
 */
const BY_SUB_CODE: Readonly<Record<number, Notice>> = {
  40229: {
    text: "The token is a Teams user's, and a guest needs one of the Communication Services resource.",
    remedy: "Open the page of your own persona instead.",
  },
  40231: {
    text: "The token is not a Teams user's, so it cannot register an agent.",
    remedy: "Sign out, and sign in with the work account that has a Teams Phone licence.",
  },
  40228: { text: "This identity is registered twice in this page.", remedy: "Reload the page." },
  40230: { text: "This identity is registered twice in this page.", remedy: "Reload the page." },
  40613: {
    text: "The browser does not let this page use the microphone.",
    remedy: "Allow the microphone in the browser's settings for this page, then try again.",
  },
  41006: { text: "The call no longer rings.", remedy: "It was answered elsewhere, or the caller hung up." },
  41007: { text: "The call no longer rings.", remedy: "It was answered elsewhere, or the caller hung up." },
  41056: {
    text: "This account has no calling plan policy in Teams.",
    remedy: "Ask an administrator to enable Enterprise Voice for the account.",
  },
};

/** Whether the browser or the system refuses the microphone. */
export function isMicrophoneRefused(error: unknown): boolean {
  const { subCode, name } = error as { subCode?: number; name?: string };
  return subCode === 40613 || name === "NotAllowedError";
}

/** An error of a command or of the registration, in words. */
export function failureOf(error: unknown): Notice {
  const { subCode, code, message } = error as Partial<Record<"subCode" | "code", number>> & Partial<Error>;
  if (isMicrophoneRefused(error)) {
    return BY_SUB_CODE[40613] as Notice;
  }
  const known = subCode === undefined ? undefined : BY_SUB_CODE[subCode];
  const codes = code === undefined ? "" : ` (code ${code}/${subCode ?? 0})`;
  return known ?? { text: `${message ?? String(error)}${codes}`, remedy: AGAIN };
}
