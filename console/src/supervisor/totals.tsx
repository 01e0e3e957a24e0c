import { Caption1, Card, makeStyles, mergeClasses, Text, tokens } from "@fluentui/react-components";
import type { ReactNode } from "react";
import { Elapsed } from "../ui/clock";
import type { LiveView } from "./live";

const useStyles = makeStyles({
  tiles: {
    display: "grid",
    gridTemplateColumns: "repeat(auto-fit, minmax(8.5rem, 1fr))",
    gap: tokens.spacingHorizontalM,
    margin: 0,
  },
  tile: { gap: 0, padding: `${tokens.spacingVerticalM} ${tokens.spacingHorizontalL}` },
  number: { margin: 0, fontSize: tokens.fontSizeHero800, lineHeight: tokens.lineHeightHero800, fontVariantNumeric: "tabular-nums" },
  muted: { color: tokens.colorNeutralForeground3 },
  bad: { color: tokens.colorPaletteRedForeground1 },
});

function Tile(props: { readonly name: string; readonly value: number; readonly isBad?: boolean; readonly note?: ReactNode }) {
  const styles = useStyles();
  return (
    <Card className={styles.tile}>
      <Text as="span" id={props.name.replace(" ", "-")}>
        {props.name}
      </Text>
      <Text
        weight="semibold"
        aria-labelledby={props.name.replace(" ", "-")}
        role="status"
        className={mergeClasses(styles.number, props.isBad && props.value > 0 && styles.bad)}
      >
        {props.value}
      </Text>
      <Caption1 className={styles.muted}>{props.note ?? "\u00a0"}</Caption1>
    </Card>
  );
}

/** The day in numbers. */
export function Totals({ live }: { readonly live: LiveView }) {
  const styles = useStyles();
  const { totals, waiting, longestWait } = live;
  return (
    <section className={styles.tiles} aria-label="The day in numbers">
      <Tile name="In progress" value={live.calls.length} />
      <Tile
        name="Waiting"
        value={waiting}
        note={longestWait && <>longest <Elapsed since={Date.parse(longestWait)} /></>}
      />
      <Tile name="Answered" value={totals.answered} note={`of ${totals.calls} today`} />
      <Tile name="Missed" value={totals.missed} isBad />
      <Tile name="Failed" value={totals.failed} isBad />
      <Tile name="Not recorded" value={totals.notRecorded} isBad />
    </section>
  );
}
