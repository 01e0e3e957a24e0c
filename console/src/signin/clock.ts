/** How many minutes the clock of this device is ahead of the server's; 0 where that can't be found out. */
export async function minutesOff(): Promise<number> {
  try {
    const response = await fetch("/config.json", { method: "HEAD", cache: "no-store" });
    const server = Date.parse(response.headers.get("Date") ?? "");
    return Number.isNaN(server) ? 0 : Math.round((Date.now() - server) / 60_000);
  } catch {
    return 0;
  }
}
