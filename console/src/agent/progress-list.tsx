import { Button, makeStyles, Spinner, Text, tokens } from "@fluentui/react-components";
import type { Api } from "../api/client";
import { useServices } from "../services";
import { Notice, ProblemBar } from "../ui/problem-bar";
import { isOver, type Operation, type Operations, type Progress } from "./operations";

const useStyles = makeStyles({
  list: { display: "flex", flexDirection: "column", gap: tokens.spacingVerticalS },
  row: { display: "flex", alignItems: "center", gap: tokens.spacingHorizontalM },
});

interface ProgressListProps {
  readonly callId: string;
  readonly operations: Operations;
}

/** Commands that are under way, and those that failed, with the reason and the remedy. */
export function ProgressList({ callId, operations }: ProgressListProps) {
  const styles = useStyles();
  return (
    <div className={styles.list} role="log" aria-label="Commands of this call">
      {operations.list.map((each) => (
        <Row key={each.key} callId={callId} progress={each} onDismiss={() => operations.dismiss(each.key)} />
      ))}
    </div>
  );
}

interface RowProps {
  readonly callId: string;
  readonly progress: Progress;
  readonly onDismiss: () => void;
}

function Row({ callId, progress, onDismiss }: RowProps) {
  const { label, operation, problem } = progress;
  if (problem) {
    return <ProblemBar problem={{ ...problem, title: `${label}: ${problem.title}` }} onDismiss={onDismiss} />;
  }
  if (operation === undefined || !isOver(operation)) {
    return <UnderWay callId={callId} progress={progress} />;
  }
  if (operation.status === "failed") {
    const { meaning, remedy } = operation.failure ?? { meaning: "The reason is not known.", remedy: "" };
    return <Notice intent="error" title={`${label} failed.`} text={sentence(meaning)} remedy={sentence(remedy)} onDismiss={onDismiss} />;
  }
  return operation.status === "canceled" ? <Text>{label}: cancelled</Text> : null;
}

function sentence(text: string): string {
  return text === "" || /[.!?]$/.test(text) ? text : `${text}.`;
}

function UnderWay({ callId, progress }: Omit<RowProps, "onDismiss">) {
  const styles = useStyles();
  const { api } = useServices();
  const { label, operation } = progress;
  const cancel = () => operation && void cancelled(api, callId, operation);
  return (
    <div className={styles.row}>
      <Spinner size="tiny" label={`${label} …`} labelPosition="after" />
      {operation && (operation.name === "AddParticipant" || operation.name === "Consult") && (
        <Button size="small" onClick={cancel}>
          Cancel
        </Button>
      )}
    </div>
  );
}

/** An invitation is cancelled, and a consult dropped, which cancels its invitation. */
function cancelled(api: Api, callId: string, { id: operationId, name }: Operation): Promise<unknown> {
  const params = { path: { callId, operationId } };
  return name === "Consult"
    ? api.POST("/calls/{callId}/consults/{operationId}/drop", { params })
    : api.POST("/calls/{callId}/operations/{operationId}/cancel", { params });
}
