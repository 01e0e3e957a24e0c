import { ConfigError } from "../config";
import { troubleOf } from "../signin/troubles";

/** The page that stands where the console cannot start. It needs nothing that could be the reason. */
export function CannotStart(props: { readonly error: unknown; readonly minutesOff: number }) {
  const { title, remedy } = wordsOf(props.error, props.minutesOff);
  return (
    <main style={{ font: "1rem system-ui", margin: "4rem auto", maxWidth: "40rem", padding: "0 1rem" }}>
      <div role="alert">
        <h1>{title}</h1>
        <p>{remedy}</p>
      </div>
      <p>
        <a href="/" style={{ color: "inherit" }}>
          Sign in again
        </a>
      </p>
    </main>
  );
}

function wordsOf(error: unknown, minutesOff: number): { readonly title: string; readonly remedy: string } {
  return error instanceof ConfigError
    ? { title: "The console cannot start", remedy: error.message }
    : troubleOf(error, minutesOff);
}
