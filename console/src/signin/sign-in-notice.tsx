import { Button, MessageBar, MessageBarActions, MessageBarBody, MessageBarTitle } from "@fluentui/react-components";
import { useServices } from "../services";
import type { Trouble } from "./troubles";

export default function SignInNotice({ trouble }: { readonly trouble: Trouble }) {
  const { session } = useServices();
  return (
    <MessageBar intent="warning" layout="multiline" politeness="assertive">
      <MessageBarBody>
        <MessageBarTitle>{trouble.title}</MessageBarTitle> {trouble.remedy}
      </MessageBarBody>
      <MessageBarActions>
        <Button onClick={() => void session.signInAgain()}>Sign in again</Button>
      </MessageBarActions>
    </MessageBar>
  );
}
