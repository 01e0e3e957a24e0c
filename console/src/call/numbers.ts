const E164 = /^\+[1-9]\d{2,14}$/;

/** A phone number as it was typed, without spaces and brackets; undefined where it is none. */
export function numberOf(text: string): string | undefined {
  const plain = text.replace(/[\s()./-]/g, "").replace(/^00/, "+");
  return E164.test(plain) || isEmergency(plain) ? plain : undefined;
}

// The emergency numbers of every mobile network, and those that many have (3GPP TS 22.101, 10.1.1). The app refuses
// further ones, of single countries.
const EMERGENCY = new Set(["112", "911", "000", "08", "110", "118", "119", "999"]);

/** Whether a number is that of an emergency service, as it is dialled: `112`, or `+112`. */
export function isEmergency(number: string): boolean {
  return EMERGENCY.has(number.replace(/^\+/, ""));
}
