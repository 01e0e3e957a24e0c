import { Badge, makeStyles, Spinner, Text, Title2, tokens } from "@fluentui/react-components";
import { Link, useParams } from "wouter";
import { Transcript } from "../../transcript/transcript";
import { ProblemBar } from "../../ui/problem-bar";
import { Section } from "../../ui/section";
import { type Party, PartyName } from "../names";
import { stateOf, timeOf } from "../words";
import { Actions } from "./actions";
import { Facts } from "./facts";
import { Ladder } from "./ladder";
import { Latencies } from "./latencies";
import { Participants } from "./participants";
import { PlanWay } from "./plan-way";
import { Recordings } from "./recordings";
import { type CallView, isOver, useCall } from "./use-call";

const useStyles = makeStyles({
  page: { display: "flex", flexDirection: "column", gap: tokens.spacingVerticalL },
  head: { display: "flex", flexWrap: "wrap", alignItems: "center", gap: tokens.spacingHorizontalM },
  grow: { flexGrow: 1 },
  columns: {
    display: "grid",
    gridTemplateColumns: "minmax(0, 3fr) minmax(0, 2fr)",
    gap: tokens.spacingHorizontalL,
    alignItems: "start",
    "@media (max-width: 64rem)": { gridTemplateColumns: "minmax(0, 1fr)" },
  },
  back: { color: tokens.colorBrandForegroundLink },
});

/** One call, while it goes on and afterwards. */
export default function CallPage() {
  const styles = useStyles();
  const { callId = "" } = useParams<{ callId: string }>();
  const { call, problem, entries, reload } = useCall(callId);
  return (
    <div className={styles.page}>
      <Link href="/calls" className={styles.back}>
        All calls
      </Link>
      <ProblemBar problem={problem} />
      {!call && !problem && <Spinner label="Loading" />}
      {call && (
        <>
          <Head call={call} onActed={reload} />
          <div className={styles.columns}>
            <Section title="What happened">
              <Latencies call={call} />
              <Ladder entries={entries} />
            </Section>
            <div className={styles.page}>
              <Facts call={call} />
              <Participants call={call} />
              <Recordings call={call} />
              <Transcript callId={call.id} callGoesOn={!isOver(call)} parties={partiesOf(call)} />
              {call.planId && <PlanWay call={call} />}
            </div>
          </div>
        </>
      )}
    </div>
  );
}

function Head({ call, onActed }: { readonly call: CallView; readonly onActed: () => void }) {
  const styles = useStyles();
  const state = stateOf(call.state);
  return (
    <div className={styles.head}>
      <Title2 as="h1">
        {call.direction === "outbound" ? "Call to " : "Call from "}
        <PartyName party={call.caller} />
      </Title2>
      <Badge appearance="tint" color={state.color} size="large" role="status">
        {state.text}
      </Badge>
      <Text className={styles.grow}>
        {call.account?.name ?? call.account?.number}, {timeOf(call.calledAt)}
      </Text>
      <Actions call={call} onActed={onActed} />
    </div>
  );
}

/** Those who speak: the participants, and the caller before the list is known. */
function partiesOf(call: CallView): readonly Party[] {
  return call.caller ? [...call.participants, call.caller] : call.participants;
}
