import { makeStyles, mergeClasses, tokens } from "@fluentui/react-components";
import type { ReactNode } from "react";

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
  head: {
    position: "sticky",
    top: 0,
    zIndex: 1,
    backgroundColor: tokens.colorNeutralBackground1,
    borderBottom: `1px solid ${tokens.colorNeutralStroke2}`,
  },
  names: { display: "flex", lineHeight: tokens.lineHeightBase100 },
  name: {
    flex: "1 1 0",
    minWidth: 0,
    textAlign: "center",
    fontSize: tokens.fontSizeBase100,
    "@media (max-width: 40rem)": { writingMode: "vertical-rl", paddingBottom: tokens.spacingVerticalXS },
  },
});

/** A message from one lane to another, or a note on a lane, by the lanes' names. */
export interface Message<Lane extends string> {
  readonly from: Lane;
  readonly to: Lane;
  readonly isFailure: boolean;
}

export interface LadderRow<Lane extends string> {
  readonly key: string;
  /** When it happened (RFC 3339), and as it is shown. */
  readonly at: string;
  readonly time: string;
  /** The type of the event. */
  readonly type: string;
  readonly message: Message<Lane>;
  readonly text: ReactNode;
}

interface Props<Lane extends string> {
  readonly label: string;
  readonly lanes: readonly Lane[];
  readonly rows: readonly LadderRow<Lane>[];
}

/** Messages in the order in which they were sent, drawn between those who take part. */
export function LadderView<Lane extends string>({ label, lanes, rows }: Props<Lane>) {
  const styles = useStyles();
  return (
    <div>
      <div className={mergeClasses(styles.row, styles.head)} aria-hidden>
        <span />
        <span className={styles.names}>
          {lanes.map((lane) => (
            <span key={lane} className={styles.name}>
              {lane}
            </span>
          ))}
        </span>
        <span />
      </div>
      <ol className={styles.ladder} aria-label={label}>
        {rows.map((row) => (
          <li key={row.key} className={styles.row} data-event={row.type}>
            <time className={styles.time} dateTime={row.at} title={row.at}>
              {row.time}
            </time>
            <Arrow lanes={lanes} message={row.message} />
            <div className={styles.text}>{row.text}</div>
          </li>
        ))}
      </ol>
    </div>
  );
}

function Arrow<Lane extends string>({ lanes, message }: { readonly lanes: readonly Lane[]; readonly message: Message<Lane> }) {
  const styles = useStyles();
  const middle = (lane: number) => (lane + 0.5) * WIDTH;
  const color = message.isFailure ? tokens.colorPaletteRedForeground1 : tokens.colorBrandStroke1;
  return (
    <svg className={styles.lanes} viewBox={`0 0 ${WIDTH * lanes.length} ${HEIGHT}`} preserveAspectRatio="none" aria-hidden>
      {lanes.map((lane, n) => (
        <line
          key={lane}
          x1={middle(n)}
          x2={middle(n)}
          y1={0}
          y2={HEIGHT}
          stroke={tokens.colorNeutralStroke1}
          vectorEffect="non-scaling-stroke"
        />
      ))}
      <Line from={middle(lanes.indexOf(message.from))} to={middle(lanes.indexOf(message.to))} color={color} />
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
