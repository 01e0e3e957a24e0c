// The page of a site that embeds the guest's page: it gives the guest a token, which its own server gets from the API.
const CONSOLE = location.origin; // in production the origin of the console, such as https://phone.contoso.com
const frame = document.getElementById("phone");

addEventListener("message", async (event) => {
  const isPhone = event.origin === CONSOLE && event.source === frame.contentWindow;
  if (!isPhone || event.data?.type !== "teams-phone.token-wanted") {
    return;
  }
  const response = await fetch("/embedding-site/token", { method: "POST" });
  const { token } = await response.json();
  frame.contentWindow.postMessage({ type: "teams-phone.token", token }, CONSOLE);
});

// Whom the guest calls: ?app= with the object id of an auto attendant or a call queue, or ?user= with that of a Teams user.
frame.src = `${CONSOLE}/guest${location.search}`;
