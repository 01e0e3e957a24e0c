import { Avatar, Button, makeStyles, Text, tokens } from "@fluentui/react-components";
import { CallEndRegular, CallFilled } from "@fluentui/react-icons";
import { type ReactNode, useId } from "react";
import type { Ring } from "../phone/state";
import { Elapsed } from "../ui/clock";
import { useFocusInside } from "../ui/focus";
import { Announcement } from "../ui/hidden";
import { inWords, keysOf } from "./shortcuts";

const useStyles = makeStyles({
  card: {
    display: "flex",
    flexDirection: "column",
    gap: tokens.spacingVerticalM,
    padding: tokens.spacingHorizontalXL,
    borderRadius: tokens.borderRadiusLarge,
    border: `2px solid ${tokens.colorBrandStroke1}`,
    backgroundColor: tokens.colorNeutralBackground1,
    boxShadow: tokens.shadow16,
  },
  head: { display: "flex", alignItems: "center", gap: tokens.spacingHorizontalL },
  words: { display: "flex", flexDirection: "column", flexGrow: 1, minWidth: 0 },
  muted: { color: tokens.colorNeutralForeground2 },
  actions: { display: "flex", flexWrap: "wrap", gap: tokens.spacingHorizontalM },
  accept: {
    backgroundColor: tokens.colorPaletteGreenBackground3,
    color: tokens.colorNeutralForegroundOnBrand,
    ":hover": { backgroundColor: tokens.colorPaletteGreenForeground1, color: tokens.colorNeutralForegroundOnBrand },
  },
});

interface RingCardProps {
  readonly ring: Ring;
  readonly name: string;
  /** Below the name, such as the number. */
  readonly about: ReactNode;
  /** What a screen reader announces. */
  readonly announcement: string;
  /** Whether the focus goes to it: of several rings to the first. */
  readonly hasFocus: boolean;
  readonly onAccept: () => void;
  readonly onDecline: () => void;
  readonly children?: ReactNode;
}

/** A call that rings: who calls, and the buttons to accept and to decline. */
export function RingCard(props: RingCardProps) {
  const styles = useStyles();
  const id = useId();
  const actions = useFocusInside<HTMLDivElement>(props.hasFocus);
  return (
    <section className={styles.card} aria-labelledby={id}>
      <Announcement text={props.announcement} />
      <div className={styles.head}>
        <Avatar name={props.name} size={64} color="colorful" aria-hidden />
        <div className={styles.words}>
          <Text id={id} className={styles.muted} size={300}>
            Incoming call · <Elapsed since={props.ring.since} />
          </Text>
          <Text size={600} weight="semibold" truncate>
            {props.name}
          </Text>
          <Text className={styles.muted}>{props.about}</Text>
        </div>
      </div>
      {props.children}
      <div ref={actions} className={styles.actions}>
        <Button
          size="large"
          appearance="primary"
          className={styles.accept}
          icon={<CallFilled />}
          onClick={props.onAccept}
          {...keysOf("S")}
        >
          Accept
        </Button>
        <Button size="large" icon={<CallEndRegular />} onClick={props.onDecline} {...keysOf("D")}>
          Decline
        </Button>
      </div>
      <Text size={200} className={styles.muted}>
        Accept with Enter or {inWords("S")}, decline with {inWords("D")}.
      </Text>
    </section>
  );
}
