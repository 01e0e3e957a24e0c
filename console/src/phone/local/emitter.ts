/** Listeners by the name of an event, as the calling SDK's classes have them. The ports type what each carries. */
export class Emitter {
  private readonly listeners = new Map<string, Set<(args: any) => void>>();

  on(event: string, listener: (args: any) => void): void {
    const known = this.listeners.get(event) ?? new Set();
    this.listeners.set(event, known.add(listener));
  }

  protected emit(event: string, args?: unknown): void {
    for (const listener of this.listeners.get(event) ?? []) {
      listener(args);
    }
  }
}
