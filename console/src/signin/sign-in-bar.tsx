import { Button, MessageBar, MessageBarActions, MessageBarBody, MessageBarTitle } from "@fluentui/react-components";
import { useSyncExternalStore } from "react";
import { useServices } from "../services";

/** Says why a token can't be had, and offers the sign-in that helps. The page is left only when the person wants it. */
export function SignInBar() {
  const { session } = useServices();
  const needed = useSyncExternalStore(
    (listener) => session.subscribe(listener),
    () => session.needed,
  );
  if (needed === undefined) {
    return null;
  }
  return (
    <MessageBar intent="warning" layout="multiline" politeness="assertive">
      <MessageBarBody>
        <MessageBarTitle>{needed.trouble.title}</MessageBarTitle> {needed.trouble.remedy}
      </MessageBarBody>
      <MessageBarActions>
        <Button onClick={() => void session.signInAgain()}>Sign in again</Button>
      </MessageBarActions>
    </MessageBar>
  );
}
