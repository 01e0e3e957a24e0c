import { StrictMode } from "react";
import { createRoot } from "react-dom/client";
import { createApi } from "./api/client";
import { App } from "./app";
import { loadConfig } from "./config";
import { minutesOff } from "./signin/clock";
import { signIn } from "./signin/signin";
import { CannotStart } from "./ui/cannot-start";
import { Providers } from "./ui/providers";

const root = createRoot(document.getElementById("root") as HTMLElement);

async function start(): Promise<void> {
  const config = await loadConfig();
  if (location.pathname === "/guest") {
    const { GuestApp } = await import("./guest/guest-app");
    root.render(<GuestApp config={config} />);
    return;
  }
  const session = await signIn(config);
  const services = { config, session, api: createApi(config, session) };
  root.render(
    <StrictMode>
      <Providers services={services}>
        <App />
      </Providers>
    </StrictMode>,
  );
}

start().catch(async (error: unknown) => root.render(<CannotStart error={error} minutesOff={await minutesOff()} />));

// The page that the browser kept while Entra's was shown has stopped: "back" starts it again.
window.addEventListener("pageshow", (event) => event.persisted && location.reload());
