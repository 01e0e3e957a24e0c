import { Button, MessageBar, MessageBarActions, MessageBarBody, MessageBarTitle, Spinner } from "@fluentui/react-components";
import type { Phone } from "../phone/state";
import { Elapsed } from "../ui/clock";
import { Notice } from "../ui/problem-bar";

/** What endangers the next call: the registration, the connection, another tab, the microphone; and what failed. */
export function PhoneNotices({ phone }: { readonly phone: Phone }) {
  const { state, commands } = phone;
  return (
    <>
      <Registration phone={phone} />
      {state.microphonePermission === "denied" && (
        <Notice
          intent="error"
          title="This page may not use the microphone."
          text="Others would not hear you."
          remedy="Allow it in the browser: select the icon before the address, then Microphone, Allow. Then load the page again."
        />
      )}
      {state.notice && (
        <Notice
          intent="error"
          title={state.notice.text}
          remedy={state.notice.remedy}
          onDismiss={() => commands.dismissNotice()}
        />
      )}
    </>
  );
}

function Registration({ phone }: { readonly phone: Phone }) {
  const { registration, otherTab } = phone.state;
  switch (registration.state) {
    case "ready":
      return null;
    case "starting":
      return <Spinner size="tiny" label="Connecting the phone" labelPosition="after" style={{ justifyContent: "start" }} />;
    case "disconnected":
      return (
        <MessageBar intent="warning" layout="multiline" aria-label="Warning">
          <MessageBarBody>
            <MessageBarTitle>
              The phone is disconnected for <Elapsed since={registration.since} />.
            </MessageBarTitle>
            {registration.reason} {registration.remedy}
          </MessageBarBody>
        </MessageBar>
      );
    case "failed":
      return (
        <MessageBar intent={otherTab ? "warning" : "error"} layout="multiline" aria-label="Error">
          <MessageBarBody>
            <MessageBarTitle>No calls can ring here.</MessageBarTitle>
            {registration.reason} {registration.remedy}
          </MessageBarBody>
          {!otherTab && (
            <MessageBarActions>
              <Button onClick={() => void phone.commands.register()}>Try again</Button>
            </MessageBarActions>
          )}
        </MessageBar>
      );
  }
}
