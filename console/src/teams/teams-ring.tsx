import { Text } from "@fluentui/react-components";
import { useName } from "../call/names";
import { namedBy } from "../call/raw-ids";
import { RingCard } from "../call/ring-card";
import { useShortcuts } from "../call/shortcuts";
import type { Phone, Ring } from "../phone/state";
import { type Delegation, UserName } from "./delegators";

interface TeamsRingProps {
  readonly phone: Phone;
  readonly ring: Ring;
  readonly isFirst: boolean;
  readonly delegators: readonly Delegation[];
}

/** A call that rings at a Teams user: a phone call, or one of a colleague. */
export function TeamsRing({ phone, ring, isFirst, delegators }: TeamsRingProps) {
  const caller = namedBy(ring.callerRawId ?? "");
  // The platform's name of a number is that of the carrier: a customer's name is better. It does not come for colleagues.
  const name = useName(ring.callerRawId, caller.kind === "other" ? ring.callerName : undefined);
  const accept = () => void phone.commands.accept(ring.id);
  const decline = () => void phone.commands.decline(ring.id);
  useShortcuts(isFirst ? { S: accept, D: decline } : {});
  return (
    <RingCard
      ring={ring}
      name={name}
      about={caller.kind === "number" ? caller.number : "A Teams call"}
      announcement={`Incoming call from ${name}`}
      hasFocus={isFirst}
      onAccept={accept}
      onDecline={decline}
    >
      <AnsweringFor delegators={delegators.filter((each) => each.isActive && each.allowedActions.receiveCalls)} />
    </RingCard>
  );
}

function AnsweringFor({ delegators }: { readonly delegators: readonly Delegation[] }) {
  if (delegators.length === 0) {
    return null;
  }
  return (
    <Text>
      It is for you, or for{" "}
      {delegators.map((each, index) => (
        <span key={each.id}>
          {index > 0 && ", "}
          <UserName id={each.id} />
        </span>
      ))}
      : Teams does not say for whom a call rings.
    </Text>
  );
}
