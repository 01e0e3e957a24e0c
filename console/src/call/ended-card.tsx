import { Button, makeStyles, Text, tokens } from "@fluentui/react-components";
import type { ActiveCall } from "../phone/state";
import { minutes } from "../ui/clock";

const useStyles = makeStyles({
  card: {
    display: "flex",
    flexWrap: "wrap",
    alignItems: "center",
    gap: tokens.spacingHorizontalM,
    padding: tokens.spacingHorizontalL,
    borderRadius: tokens.borderRadiusLarge,
    backgroundColor: tokens.colorNeutralBackground1,
    boxShadow: tokens.shadow4,
  },
  words: { display: "flex", flexDirection: "column", flexGrow: 1 },
  muted: { color: tokens.colorNeutralForeground2 },
});

interface EndedCardProps {
  readonly call: ActiveCall;
  readonly title: string;
  readonly onDismiss: () => void;
  readonly onAgain?: () => void;
}

/** A call that has ended, and why. */
export function EndedCard({ call, title, onDismiss, onAgain }: EndedCardProps) {
  const styles = useStyles();
  const lasted = call.connectedAt === undefined ? "" : ` It began ${minutes(Date.now() - call.connectedAt)} minutes ago.`;
  return (
    <section className={styles.card} aria-label={`Ended call with ${title}`}>
      <div className={styles.words} role="status">
        <Text weight="semibold">{title}</Text>
        <Text className={styles.muted}>
          {call.ended?.words}
          {lasted}
        </Text>
      </div>
      {onAgain && <Button onClick={onAgain}>Call again</Button>}
      <Button appearance="subtle" onClick={onDismiss}>
        Dismiss
      </Button>
    </section>
  );
}
