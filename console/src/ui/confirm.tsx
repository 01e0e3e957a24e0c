import {
  Button,
  type ButtonProps,
  Dialog,
  DialogActions,
  DialogBody,
  DialogContent,
  DialogSurface,
  DialogTitle,
  DialogTrigger,
  Spinner,
  useRestoreFocusTarget,
} from "@fluentui/react-components";
import { type ReactNode, useRef, useState } from "react";
import type { Problem } from "../api/problem";
import { ProblemBar } from "./problem-bar";

interface Props {
  /** On the button that opens the dialog. */
  readonly label: string;
  readonly icon?: ButtonProps["icon"];
  readonly appearance?: ButtonProps["appearance"];
  readonly title: string;
  /** What will happen, or the fields that it needs. */
  readonly children: ReactNode;
  /** On the button that confirms. */
  readonly confirm: string;
  /** Whether the button is there. A dialog that is open stays, so that the page behind it is not left inert. */
  readonly isOffered?: boolean;
  readonly isReady?: boolean;
  /** Do it; the problem if it failed. The key is that of this dialog: a second try with it does nothing twice. */
  readonly act: (key: string) => Promise<Problem | undefined>;
  readonly onDone?: () => void;
}

/** A button that asks once before it acts. */
export function ConfirmButton(props: Props) {
  const [isOpen, setOpen] = useState(false);
  const [isBusy, setBusy] = useState(false);
  const [problem, setProblem] = useState<Problem>();
  const key = useRef("");
  const focus = useRestoreFocusTarget();
  const change = (open: boolean) => {
    if (open) {
      key.current = crypto.randomUUID();
    }
    setProblem(undefined);
    setOpen(open);
  };
  const act = async () => {
    setBusy(true);
    const found = await props.act(key.current);
    setBusy(false);
    setProblem(found);
    if (found === undefined) {
      setOpen(false);
      props.onDone?.();
    }
  };
  return (
    <>
      {props.isOffered !== false && (
        <Button
          {...focus}
          icon={props.icon ?? null}
          appearance={props.appearance ?? "secondary"}
          onClick={() => change(true)}
        >
          {props.label}
        </Button>
      )}
      <Dialog open={isOpen} onOpenChange={(_, { open }) => change(open)}>
        <DialogSurface>
          <DialogBody>
            <DialogTitle>{props.title}</DialogTitle>
            <DialogContent>
              <ProblemBar problem={problem} />
              {props.children}
            </DialogContent>
            <DialogActions>
              <DialogTrigger disableButtonEnhancement>
                <Button disabled={isBusy}>Cancel</Button>
              </DialogTrigger>
              <Button
                appearance="primary"
                disabled={isBusy || props.isReady === false}
                icon={isBusy ? <Spinner size="tiny" /> : null}
                onClick={() => void act()}
              >
                {props.confirm}
              </Button>
            </DialogActions>
          </DialogBody>
        </DialogSurface>
      </Dialog>
    </>
  );
}
