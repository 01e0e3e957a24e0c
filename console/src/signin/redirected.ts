import { broadcastResponseToMainFrame } from "@azure/msal-browser/redirect-bridge";

/**
 * The page that Entra redirects to: after a sign-in, in a hidden frame that renews one, and after signing out. It hands
 * the response to the console, in its frame or by going back to the page where the sign-in began.
 */
async function handOver(): Promise<void> {
  if (/[#?&](code|error)=/.test(location.href)) {
    await broadcastResponseToMainFrame();
  } else {
    show("You are signed out", "Sign in");
  }
}

function show(title: string, action: string): void {
  document.title = title;
  const heading = Object.assign(document.createElement("h1"), { textContent: title });
  const link = Object.assign(document.createElement("a"), { textContent: action, href: "/" });
  link.style.color = "inherit"; // the default has too little contrast in the dark
  document.getElementById("root")?.replaceChildren(heading, link);
}

handOver().catch(() => show("The sign-in was interrupted", "Sign in again"));
