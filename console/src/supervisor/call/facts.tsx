import { makeStyles, tokens } from "@fluentui/react-components";
import type { ReactNode } from "react";
import { minutes } from "../../ui/clock";
import { Notice } from "../../ui/problem-bar";
import { Section } from "../../ui/section";
import { PartyName, PartyNames } from "../names";
import { recordingOf, stepOf } from "../words";
import type { CallView } from "./use-call";

const useStyles = makeStyles({
  list: {
    display: "grid",
    gridTemplateColumns: "max-content minmax(0, 1fr)",
    columnGap: tokens.spacingHorizontalL,
    rowGap: tokens.spacingVerticalXS,
    margin: 0,
  },
  value: { margin: 0, overflowWrap: "anywhere" },
  id: { margin: 0, overflowWrap: "anywhere", fontFamily: tokens.fontFamilyMonospace, fontSize: tokens.fontSizeBase200 },
  name: { color: tokens.colorNeutralForeground3 },
});

const MOMENT = new Intl.DateTimeFormat(undefined, { dateStyle: "medium", timeStyle: "medium" });

/** Who, when, how long and how it ended. */
export function Facts({ call }: { readonly call: CallView }) {
  const { result, recording } = call;
  const talked = call.connectedAt && call.endedAt && Date.parse(call.endedAt) - Date.parse(call.connectedAt);
  return (
    <Section title="The call">
      {result && result.code >= 300 && (
        <Notice intent="warning" title={`${result.code}/${result.subCode}: ${result.meaning}.`} remedy={result.remedy} />
      )}
      {recording.reason && (
        <Notice intent="warning" title={`${recordingOf(recording.status).text}.`} text={`${recording.reason}.`} />
      )}
      <List>
        <Fact name="Caller">
          <PartyName party={call.caller} /> {call.caller?.name && call.caller.number}
        </Fact>
        <Fact name="Line">
          {call.account?.name} {call.account?.number}
        </Fact>
        {call.onBehalfOf.length > 0 && (
          <Fact name="Called for">
            <PartyNames parties={call.onBehalfOf} />
          </Fact>
        )}
        <Fact name="Called">{call.calledAt && MOMENT.format(new Date(call.calledAt))}</Fact>
        {talked && <Fact name="Talked">{minutes(talked)}</Fact>}
        {call.step && <Fact name="Step">{stepOf(call.step)}</Fact>}
        {result && result.code < 300 && <Fact name="Ended">{result.meaning}</Fact>}
        <Fact name="Recording">{recordingOf(recording.status).text}</Fact>
        <Fact name="Call ID" isId>
          {call.id}
        </Fact>
        {call.callConnectionId && (
          <Fact name="Connection ID" isId>
            {call.callConnectionId}
          </Fact>
        )}
        {call.correlationId && (
          <Fact name="Correlation ID" isId>
            {call.correlationId}
          </Fact>
        )}
      </List>
    </Section>
  );
}

function List(props: { readonly children: ReactNode }) {
  return <dl className={useStyles().list}>{props.children}</dl>;
}

function Fact(props: { readonly name: string; readonly isId?: boolean; readonly children: ReactNode }) {
  const styles = useStyles();
  return (
    <>
      <dt className={styles.name}>
        {props.name}
      </dt>
      <dd className={props.isId ? styles.id : styles.value}>
        {props.children}
      </dd>
    </>
  );
}
