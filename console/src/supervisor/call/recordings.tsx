import { Caption1, makeStyles, Text, tokens } from "@fluentui/react-components";
import { useQuery } from "../../api/query";
import { useServices } from "../../services";
import { ProblemBar } from "../../ui/problem-bar";
import { Section } from "../../ui/section";
import { recordingOf, timeOf } from "../words";
import { Player } from "./player";
import type { CallView } from "./use-call";

const useStyles = makeStyles({ recording: { display: "flex", flexDirection: "column", gap: tokens.spacingVerticalS } });

const DATE = new Intl.DateTimeFormat(undefined, { dateStyle: "medium" });

/** The recordings of a call: each file is played where it is, and can be saved. */
export function Recordings({ call }: { readonly call: CallView }) {
  const styles = useStyles();
  const { api } = useServices();
  const params = { params: { path: { callId: call.id } } };
  const found = useQuery(`recordings ${call.id} ${call.recording.status}`, () =>
    api.GET("/calls/{callId}/recordings", params),
  );
  if (found.data?.value.length === 0) {
    return null;
  }
  return (
    <Section title="Recording">
      <ProblemBar problem={found.problem} />
      {found.data?.value.map((each) => (
        <div key={each.id} className={styles.recording}>
          <Text>
            {recordingOf(each.status).text}, from {timeOf(each.startedAt)}
            {each.stoppedAt && ` to ${timeOf(each.stoppedAt)}`}
          </Text>
          {each.files.map((file) =>
            file.archived ? (
              <Player key={file.index} callId={call.id} recordingId={each.id} index={file.index} />
            ) : (
              <Text key={file.index}>
                File {file.index + 1} is not archived{file.lost ? `: ${file.lost}.` : " yet."}
              </Text>
            ),
          )}
          {each.retainedUntil && <Caption1>Deleted on {DATE.format(new Date(each.retainedUntil))}</Caption1>}
        </div>
      ))}
    </Section>
  );
}
