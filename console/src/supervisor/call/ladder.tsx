import { Caption1, makeStyles, mergeClasses, Text, tokens } from "@fluentui/react-components";
import { WithNames } from "../names";
import { LANES, type Message, messageOf } from "./messages";
import type { TimelineEntry } from "./use-call";

const WIDTH = 60; // of a lane, in units of the drawing
const HEIGHT = 28;

const useStyles = makeStyles({
  ladder: { listStyleType: "none", margin: 0, padding: 0, fontSize: tokens.fontSizeBase200 },
  row: {
    display: "grid",
    gridTemplateColumns: "4.5rem 15rem minmax(0, 1fr)",
    columnGap: tokens.spacingHorizontalM,
    "@media (max-width: 40rem)": { gridTemplateColumns: "3.5rem 8rem minmax(0, 1fr)" },
  },
  time: {
    textAlign: "right",
    color: tokens.colorNeutralForeground3,
    fontVariantNumeric: "tabular-nums",
    paddingTop: tokens.spacingVerticalXS,
  },
  lanes: { width: "100%", height: "100%", minHeight: "28px", display: "block", overflow: "visible" },
  text: { padding: `${tokens.spacingVerticalXS} 0`, overflowWrap: "anywhere" },
  muted: { color: tokens.colorNeutralForeground3 },
  bad: { color: tokens.colorPaletteRedForeground1 },
  head: {
    position: "sticky",
    top: 0,
    zIndex: 1,
    backgroundColor: tokens.colorNeutralBackground1,
    borderBottom: `1px solid ${tokens.colorNeutralStroke2}`,
  },
  names: { display: "grid", gridTemplateColumns: "repeat(6, 1fr)", textAlign: "center", lineHeight: tokens.lineHeightBase100 },
  name: {
    fontSize: tokens.fontSizeBase100,
    justifySelf: "center",
    "@media (max-width: 40rem)": { writingMode: "vertical-rl", paddingBottom: tokens.spacingVerticalXS },
  },
});

/** The events of a call in the order in which they happened, drawn between those who take part. */
export function Ladder({ entries }: { readonly entries: readonly TimelineEntry[] }) {
  const styles = useStyles();
  const began = entries[0] ? Date.parse(entries[0].at) : 0;
  return (
    <div>
      <div className={mergeClasses(styles.row, styles.head)} aria-hidden>
        <span />
        <span className={styles.names}>
          {LANES.map((lane) => (
            <span key={lane} className={styles.name}>
              {lane}
            </span>
          ))}
        </span>
        <span />
      </div>
      <ol className={styles.ladder} aria-label="Events of the call">
        {entries.map((entry) => (
          <Row key={`${entry.at} ${entry.type} ${entry.text} ${entry.received}`} entry={entry} began={began} />
        ))}
      </ol>
    </div>
  );
}

function Row({ entry, began }: { readonly entry: TimelineEntry; readonly began: number }) {
  const styles = useStyles();
  const message = messageOf(entry);
  const late = (Date.parse(entry.received) - Date.parse(entry.at)) / 1000;
  return (
    <li className={styles.row} data-event={entry.type}>
      <time className={styles.time} dateTime={entry.at} title={entry.at}>
        {((Date.parse(entry.at) - began) / 1000).toFixed(1)} s
      </time>
      <Arrow message={message} />
      <div className={styles.text}>
        <Text size={200} weight="semibold" className={mergeClasses(message.isFailure && styles.bad)}>
          {entry.type}
        </Text>{" "}
        {entry.text && <WithNames text={entry.text} />}
        {late >= 0.05 && (
          <Caption1 className={styles.muted}> · received after {late.toFixed(1)} s</Caption1>
        )}
      </div>
    </li>
  );
}

function Arrow({ message }: { readonly message: Message }) {
  const styles = useStyles();
  const [from, to] = [LANES.indexOf(message.from), LANES.indexOf(message.to)].map((lane) => (lane + 0.5) * WIDTH);
  const color = message.isFailure ? tokens.colorPaletteRedForeground1 : tokens.colorBrandStroke1;
  return (
    <svg className={styles.lanes} viewBox={`0 0 ${WIDTH * LANES.length} ${HEIGHT}`} preserveAspectRatio="none" aria-hidden>
      {LANES.map((lane, n) => (
        <line
          key={lane}
          x1={(n + 0.5) * WIDTH}
          x2={(n + 0.5) * WIDTH}
          y1={0}
          y2={HEIGHT}
          stroke={tokens.colorNeutralStroke1}
          vectorEffect="non-scaling-stroke"
        />
      ))}
      <Line from={from ?? 0} to={to ?? 0} color={color} />
    </svg>
  );
}

/** An arrow, or a box on its lane where it leads nowhere. */
function Line({ from, to, color }: { readonly from: number; readonly to: number; readonly color: string }) {
  const y = HEIGHT / 2;
  if (from === to) {
    return <rect x={from - 7} y={y - 5} width={14} height={10} rx={2} fill={tokens.colorNeutralBackground1} stroke={color} />;
  }
  const back = to > from ? -9 : 9;
  return (
    <>
      <line x1={from} x2={to} y1={y} y2={y} stroke={color} strokeWidth={1.6} vectorEffect="non-scaling-stroke" />
      <path d={`M${to} ${y} l${back} -4 v8 z`} fill={color} />
    </>
  );
}
