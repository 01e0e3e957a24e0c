import { Button, makeStyles, Text, tokens } from "@fluentui/react-components";
import type { ActiveCall } from "../phone/state";

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
  /** Why the call was refused, in place of the words of its end. */
  readonly reason?: string | undefined;
  readonly onDismiss: () => void;
  readonly onAgain?: () => void;
}

/** A call that has ended, and why. */
export function EndedCard({ call, title, reason, onDismiss, onAgain }: EndedCardProps) {
  const styles = useStyles();
  return (
    <section className={styles.card} aria-label={`Ended call with ${title}`}>
      <div className={styles.words} role="status">
        <Text weight="semibold">{title}</Text>
        <Text className={styles.muted}>{reason ?? call.ended?.words}</Text>
      </div>
      {onAgain && <Button onClick={onAgain}>Call again</Button>}
      <Button appearance="subtle" onClick={onDismiss}>
        Dismiss
      </Button>
    </section>
  );
}
