import { makeStyles, tokens } from "@fluentui/react-components";
import type { CallView } from "./use-call";

const useStyles = makeStyles({
  list: { display: "grid", gridTemplateColumns: "repeat(auto-fit, minmax(7rem, 1fr))", gap: tokens.spacingHorizontalM, margin: 0 },
  name: { fontSize: tokens.fontSizeBase200, color: tokens.colorNeutralForeground3 },
  value: { margin: 0, fontSize: tokens.fontSizeBase500, fontWeight: tokens.fontWeightSemibold, fontVariantNumeric: "tabular-nums" },
});

const NAMES = {
  timeToNotify: "to notify",
  timeToAnswer: "to answer",
  timeToConnect: "to connect",
  timeToFirstAudio: "to first audio",
} as const;

/** The four phases of answering, as Microsoft names them. */
export function Latencies({ call }: { readonly call: CallView }) {
  const styles = useStyles();
  return (
    <dl className={styles.list} aria-label="Latencies">
      {Object.entries(NAMES).map(([name, text]) => (
        <div key={name}>
          <dt className={styles.name}>Time {text}</dt>
          <dd className={styles.value}>{duration(call.latencies[name as keyof typeof NAMES])}</dd>
        </div>
      ))}
    </dl>
  );
}

function duration(seconds: number | null | undefined): string {
  if (seconds === null || seconds === undefined) {
    return "–";
  }
  return seconds < 1 ? `${Math.round(seconds * 1000)} ms` : `${seconds.toFixed(1)} s`;
}
