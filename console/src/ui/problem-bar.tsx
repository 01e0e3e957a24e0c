import {
  Button,
  MessageBar,
  MessageBarActions,
  MessageBarBody,
  type MessageBarProps,
  MessageBarTitle,
} from "@fluentui/react-components";
import { DismissRegular } from "@fluentui/react-icons";
import type { Problem } from "../api/problem";

interface NoticeProps {
  readonly intent: NonNullable<MessageBarProps["intent"]>;
  readonly title: string;
  readonly text?: string;
  readonly remedy?: string | undefined;
  readonly onDismiss?: () => void;
}

/** What happened, and what to do about it. Screen readers announce it. */
export function Notice({ intent, title, text, remedy, onDismiss }: NoticeProps) {
  const label = intent === "error" ? "Error" : intent === "warning" ? "Warning" : "Note";
  return (
    <MessageBar intent={intent} layout="multiline" aria-label={label}>
      <MessageBarBody>
        <MessageBarTitle>{title}</MessageBarTitle>
        {text} {remedy}
      </MessageBarBody>
      {onDismiss && (
        <MessageBarActions
          containerAction={
            <Button appearance="transparent" icon={<DismissRegular />} aria-label="Dismiss" onClick={onDismiss} />
          }
        />
      )}
    </MessageBar>
  );
}

/** The problem of a request, with the remedy that the API names. */
export function ProblemBar(props: { readonly problem: Problem | undefined; readonly onDismiss?: () => void }) {
  if (props.problem === undefined) {
    return null;
  }
  const { title, detail, remedy } = props.problem;
  const dismiss = props.onDismiss ? { onDismiss: props.onDismiss } : {};
  return <Notice intent="error" title={sentence(title)} text={detail} remedy={remedy} {...dismiss} />;
}

function sentence(title: string): string {
  return `${title.charAt(0).toUpperCase()}${title.slice(1).replace(/\.$/, "")}.`;
}
