/** The page that stands where the console cannot start. It needs nothing that could be the reason. */
export function CannotStart(props: { readonly error: unknown }) {
  return (
    <main role="alert" style={{ font: "1rem system-ui", margin: "4rem auto", maxWidth: "40rem", padding: "0 1rem" }}>
      <h1>The console cannot start</h1>
      <p>{props.error instanceof Error ? props.error.message : String(props.error)}</p>
      <p>
        <a href="/">Try again</a>
      </p>
    </main>
  );
}
