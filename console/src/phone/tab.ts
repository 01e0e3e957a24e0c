/**
 * Resolve once no other tab of this browser holds the name; this one holds it then, until it is closed.
 * `report` is called where another tab holds it first, and again when that one is closed.
 */
export async function becomeOnlyTab(name: string, report: (otherTab: boolean) => void): Promise<void> {
  if (await acquire(name, true)) {
    return;
  }
  report(true);
  await acquire(name, false);
  report(false);
}

function acquire(name: string, ifAvailable: boolean): Promise<boolean> {
  return new Promise((resolve) => {
    void navigator.locks.request(name, { ifAvailable }, (lock) => {
      resolve(lock !== null);
      return lock && new Promise<never>(() => undefined);
    });
  });
}
