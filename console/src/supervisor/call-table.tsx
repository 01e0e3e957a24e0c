import { Badge, makeStyles, mergeClasses, tokens } from "@fluentui/react-components";
import { Link } from "wouter";
import { Elapsed, minutes } from "../ui/clock";
import type { CallSummary } from "./live";
import { PartyName, PartyNames } from "./names";
import { recordingOf, stateOf, stepOf, timeOf } from "./words";

const useStyles = makeStyles({
  table: { width: "100%", borderCollapse: "collapse", fontSize: tokens.fontSizeBase300 },
  head: {
    textAlign: "left",
    fontWeight: tokens.fontWeightSemibold,
    color: tokens.colorNeutralForeground3,
    padding: `${tokens.spacingVerticalS} ${tokens.spacingHorizontalS}`,
    whiteSpace: "nowrap",
  },
  cell: {
    padding: `${tokens.spacingVerticalSNudge} ${tokens.spacingHorizontalS}`,
    borderTop: `1px solid ${tokens.colorNeutralStroke2}`,
    verticalAlign: "middle",
  },
  row: { ":hover": { backgroundColor: tokens.colorNeutralBackground1Hover } },
  link: { color: tokens.colorBrandForegroundLink, fontVariantNumeric: "tabular-nums" },
  wide: { "@media (max-width: 52rem)": { display: "none" } },
  muted: { color: tokens.colorNeutralForeground3 },
});

/** How long a call has taken: from its connection, or else from its beginning, to now or to its end. */
function Duration({ call }: { readonly call: CallSummary }) {
  const began = call.connectedAt ?? call.calledAt;
  if (began === null) {
    return <>–</>;
  }
  if (call.endedAt !== null) {
    return <>{minutes(Date.parse(call.endedAt) - Date.parse(began))}</>;
  }
  const goesOn = ["ringing", "dialing", "answered", "connected"].includes(call.state);
  return goesOn ? <Elapsed since={Date.parse(began)} /> : <>–</>;
}

const OWN = ["resourceAccount", "acsUser"]; // the line itself, as ACS lists it

/** Those in the call besides the caller and the line, and those whom it rings. */
function With({ call }: { readonly call: CallSummary }) {
  const styles = useStyles();
  const others = call.participants.filter((each) => each.id !== call.caller?.id && !OWN.includes(each.kind));
  if (call.ringing.length > 0) {
    return (
      <>
        {others.length > 0 && (
          <>
            <PartyNames parties={others} />;{" "}
          </>
        )}
        <span className={styles.muted}>ringing </span>
        <PartyNames parties={call.ringing} />
      </>
    );
  }
  return others.length > 0 ? <PartyNames parties={others} /> : <span className={styles.muted}>–</span>;
}

function Row({ call }: { readonly call: CallSummary }) {
  const styles = useStyles();
  const state = stateOf(call.state);
  const recording = recordingOf(call.recording.status);
  const wide = mergeClasses(styles.cell, styles.wide);
  return (
    <tr className={styles.row} data-call={call.id}>
      <td className={styles.cell}>
        <Badge appearance="tint" color={state.color}>
          {state.text}
        </Badge>
      </td>
      <td className={styles.cell}>
        <Link href={`/calls/${call.id}`} className={styles.link} aria-label={`Call of ${timeOf(call.calledAt)}`}>
          {timeOf(call.calledAt)}
        </Link>
      </td>
      <td className={styles.cell}>
        {call.direction === "outbound" && <span className={styles.muted}>to </span>}
        <PartyName party={call.caller} />
      </td>
      <td className={wide}>{call.account?.name ?? call.account?.number ?? "–"}</td>
      <td className={wide}>
        <With call={call} />
      </td>
      <td className={wide}>{call.step ? stepOf(call.step) : <span className={styles.muted}>–</span>}</td>
      <td className={styles.cell}>
        <Duration call={call} />
      </td>
      <td className={wide}>
        <Badge appearance={recording.color === "subtle" ? "ghost" : "tint"} color={recording.color} title={call.recording.reason ?? undefined}>
          {recording.text}
        </Badge>
      </td>
    </tr>
  );
}

/** Calls, a row for each. */
export function CallTable(props: { readonly calls: readonly CallSummary[]; readonly label: string }) {
  const styles = useStyles();
  const wide = mergeClasses(styles.head, styles.wide);
  return (
    <table className={styles.table} aria-label={props.label}>
      <thead>
        <tr>
          <th className={styles.head}>State</th>
          <th className={styles.head}>Called</th>
          <th className={styles.head}>Caller</th>
          <th className={wide}>Line</th>
          <th className={wide}>Talking to</th>
          <th className={wide}>Step</th>
          <th className={styles.head}>Duration</th>
          <th className={wide}>Recording</th>
        </tr>
      </thead>
      <tbody>
        {props.calls.map((call) => (
          <Row key={call.id} call={call} />
        ))}
      </tbody>
    </table>
  );
}
