/** Tones of the page itself, apart from the sound of calls. */

const RING = { pitches: [440, 480], seconds: 1.5, every: 4000 } as const;
const TEST = { pitches: [600], seconds: 0.4 } as const;

/** Ring on a speaker until the returned function is called. A page that was never clicked stays silent. */
export function ring(speaker: string | undefined): () => void {
  const context = contextOn(speaker);
  const sound = () => play(context, RING.pitches, RING.seconds);
  sound();
  const timer = setInterval(sound, RING.every);
  return () => {
    clearInterval(timer);
    void context.close();
  };
}

export async function playTestTone(speaker: string | undefined): Promise<void> {
  const context = contextOn(speaker);
  await play(context, TEST.pitches, TEST.seconds);
  await context.close();
}

/** Chromium can choose the speaker of an AudioContext; other browsers use the system's. */
function contextOn(speaker: string | undefined): AudioContext {
  const context = new AudioContext() as AudioContext & { setSinkId?: (id: string) => Promise<void> };
  if (speaker && speaker !== "default") {
    void context.setSinkId?.(speaker).catch(() => undefined);
  }
  return context;
}

function play(context: AudioContext, pitches: readonly number[], seconds: number): Promise<void> {
  const volume = new GainNode(context, { gain: 0.1 });
  volume.connect(context.destination);
  const tones = pitches.map((frequency) => new OscillatorNode(context, { frequency }));
  return new Promise((resolve) => {
    for (const tone of tones) {
      tone.onended = () => resolve();
      tone.connect(volume);
      tone.start();
      tone.stop(context.currentTime + seconds);
    }
  });
}
