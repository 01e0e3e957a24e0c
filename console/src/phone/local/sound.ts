import type { LocalDevices } from "./devices";

const RATE = 16_000; // hertz, at which the emulator speaks

/** The microphone and the speaker while there is a call. */
export class Sound {
  private context: AudioContext | undefined;
  private speaker: AudioWorkletNode | undefined;
  private stream: MediaStream | undefined;
  private starting: Promise<void> | undefined;

  constructor(
    private readonly devices: LocalDevices,
    private readonly send: (pcm: ArrayBuffer) => void,
  ) {}

  /** Rejects where the browser refuses the microphone. */
  start(): Promise<void> {
    this.starting ??= this.open();
    return this.starting;
  }

  play(pcm: ArrayBuffer): void {
    this.speaker?.port.postMessage(pcm, [pcm]);
  }

  /** After a call, or when another device was chosen. */
  async stop(): Promise<void> {
    this.starting = undefined;
    for (const track of this.stream?.getTracks() ?? []) {
      track.stop();
    }
    await this.context?.close();
    this.context = this.speaker = this.stream = undefined;
  }

  async restart(): Promise<void> {
    if (this.starting) {
      await this.stop();
      await this.start();
    }
  }

  private async open(): Promise<void> {
    try {
      this.stream = await this.devices.capture();
      const context = new AudioContext({ sampleRate: RATE, latencyHint: "interactive" });
      this.context = context;
      await context.audioWorklet.addModule("/sound-worklet.js");
      const microphone = new AudioWorkletNode(context, "microphone", { numberOfOutputs: 0 });
      microphone.port.onmessage = ({ data }) => this.send(data as ArrayBuffer);
      context.createMediaStreamSource(this.stream).connect(microphone);
      this.speaker = new AudioWorkletNode(context, "speaker", { numberOfInputs: 0, outputChannelCount: [1] });
      this.speaker.connect(context.destination);
      await this.devices.playOn(context);
    } catch (error) {
      this.starting = undefined;
      throw error;
    }
  }
}
