import type { EndReasonPort } from "./ports";

/**
 * Why a call ended, in words, by `code/subCode` or by the code alone.
 * Source: Microsoft Learn, "Troubleshooting call end response codes".
 */
const WORDS: Readonly<Record<string, string>> = {
  "0/0": "The call has ended.",
  "0/4097": "The organizer ended the meeting for all.",
  "0/4521": "The other party left without hanging up.",
  "0/5000": "You were removed from the call.",
  "0/5003": "The call was declined.",
  "0/5300": "You were removed from the call.",
  "0/5854": "You were not admitted to the meeting.",
  "0/7000": "The application ended the call.",
  "0/560000": "The other party hung up.",
  "200/5001": "The other party hung up.",
  "400/40613": "The browser does not let this page use the microphone.",
  "403/510403": "The number is blocked as spam.",
  "405/46450": "Calls on behalf of a resource account are not enabled for this tenant yet.",
  "408/4506": "The call was not answered in time.",
  "408/10057": "The other client did not take the call. It may be signed in without the agent's persona.",
  "480/560480": "There was no answer.",
  "486/560486": "The number is busy.",
  "487/10003": "The call was answered elsewhere.",
  "487/10004": "There was no answer.",
  "487/10024": "The call was declined.",
  "487": "The call was cancelled.",
  "490": "The connection to the service was lost.",
  "495": "The sign-in has expired.",
  "496": "The connection to the service was lost.",
  "401": "The sign-in has expired.",
  "403": "The call is not permitted.",
  "404": "There is no such number or meeting.",
  "408": "The call was not answered in time.",
  "410": "The network does not carry the call's sound. Check the firewall and the connection.",
  "422": "The account on whose behalf the call was made cannot make it.",
  "480": "The other party cannot be reached now.",
  "486": "The other party is busy.",
  "603": "The call was declined.",
};

export function endInWords(reason: EndReasonPort | undefined): string {
  if (!reason) {
    return "The call has ended.";
  }
  const known = WORDS[`${reason.code}/${reason.subCode ?? 0}`] ?? WORDS[String(reason.code)];
  return known ?? `The call failed with code ${reason.code}/${reason.subCode ?? 0}.`;
}
