import { Caption1, makeStyles, mergeClasses, Text, tokens } from "@fluentui/react-components";
import { LadderView } from "../../ui/ladder";
import { WithNames } from "../names";
import { LANES, messageOf } from "./messages";
import type { TimelineEntry } from "./use-call";

const useStyles = makeStyles({
  muted: { color: tokens.colorNeutralForeground3 },
  bad: { color: tokens.colorPaletteRedForeground1 },
});

const NOTICED = 0.05; // seconds until an event was received, from which they are shown

/** The events of a call in the order in which they happened, drawn between those who take part. */
export function Ladder({ entries }: { readonly entries: readonly TimelineEntry[] }) {
  const began = entries[0] ? Date.parse(entries[0].at) : 0;
  const rows = entries.map((entry) => ({
    key: `${entry.at} ${entry.type} ${entry.text} ${entry.received}`,
    at: entry.at,
    time: `${((Date.parse(entry.at) - began) / 1000).toFixed(1)} s`,
    type: entry.type,
    message: messageOf(entry),
    text: <Words entry={entry} />,
  }));
  return <LadderView label="Events of the call" lanes={LANES} rows={rows} />;
}

function Words({ entry }: { readonly entry: TimelineEntry }) {
  const styles = useStyles();
  const late = (Date.parse(entry.received) - Date.parse(entry.at)) / 1000;
  return (
    <>
      <Text size={200} weight="semibold" className={mergeClasses(messageOf(entry).isFailure && styles.bad)}>
        {entry.type}
      </Text>{" "}
      {entry.text && (
        <span>
          <WithNames text={entry.text} />
        </span>
      )}
      {late >= NOTICED && <Caption1 className={styles.muted}> · received after {late.toFixed(1)} s</Caption1>}
    </>
  );
}
