import { Button, Field, makeStyles, Select, tokens } from "@fluentui/react-components";
import { ArrowDownloadRegular } from "@fluentui/react-icons";
import { useRef, useState } from "react";
import type { Problem } from "../../api/problem";
import { outcomeOf } from "../../api/query";
import { useServices } from "../../services";
import { ProblemBar } from "../../ui/problem-bar";
import { Channels } from "./channels";

const useStyles = makeStyles({
  row: { display: "flex", flexWrap: "wrap", gap: tokens.spacingHorizontalM, alignItems: "end" },
  audio: { width: "100%" },
});

interface Props {
  readonly callId: string;
  readonly recordingId: string;
  readonly index: number;
}

/** A file of a recording. The browser fetches it by ranges, so that seeking waits for nothing in between. */
export function Player(props: Props) {
  const styles = useStyles();
  const { link, problem } = useLink(props);
  const audio = useRef<HTMLAudioElement>(null);
  const channels = useRef<Channels | null>(null);
  const [count, setCount] = useState(0);
  const [url, setUrl] = useState<string>();
  const load = async () => {
    const found = await link();
    if (found && audio.current) {
      const at = audio.current.currentTime;
      setUrl(found);
      channels.current ??= new Channels(audio.current);
      setCount(await channels.current.countOf(found));
      audio.current.currentTime = at;
    }
  };
  const save = async () => {
    const found = await link();
    if (found) {
      location.assign(found);
    }
  };
  return (
    <div>
      <ProblemBar problem={problem} />
      <audio
        ref={audio}
        className={styles.audio}
        controls
        crossOrigin="anonymous"
        src={url}
        aria-label={`File ${props.index + 1} of the recording`}
        onError={() => void load()}
        onPlay={() => channels.current?.resume()}
        hidden={url === undefined}
      />
      <div className={styles.row}>
        {url === undefined && <Button onClick={() => void load()}>Listen to the recording</Button>}
        {count > 1 && (
          <Field label="Channel">
            <Select onChange={(_, { value }) => channels.current?.choose(value === "" ? null : Number(value))}>
              <option value="">All</option>
              {Array.from({ length: count }, (_, n) => (
                <option key={n} value={n}>
                  {n + 1}
                </option>
              ))}
            </Select>
          </Field>
        )}
        <Button icon={<ArrowDownloadRegular />} onClick={() => void save()}>
          Download
        </Button>
      </div>
    </div>
  );
}

/** Links that last five minutes: one is asked for when it is needed. */
function useLink({ callId, recordingId, index }: Props) {
  const { api } = useServices();
  const [problem, setProblem] = useState<Problem>();
  const link = async (): Promise<string | undefined> => {
    const params = { path: { callId, recordingId, index: String(index) } };
    const outcome = await outcomeOf(
      api.GET("/calls/{callId}/recordings/{recordingId}/files/{index}", { params }),
    );
    setProblem("problem" in outcome ? outcome.problem : undefined);
    return "problem" in outcome ? undefined : outcome.data.url;
  };
  return { link, problem };
}
