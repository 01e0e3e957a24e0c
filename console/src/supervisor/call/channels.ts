const HEADER = 44; // bytes of a WAV file
const CHANNELS_AT = 22; // of the header

/** The channels of an audio element: an unmixed recording has one for each participant. */
export class Channels {
  readonly #context = new AudioContext();
  readonly #source: MediaElementAudioSourceNode;
  readonly #mix = this.#context.createGain();

  constructor(audio: HTMLAudioElement) {
    this.#source = this.#context.createMediaElementSource(audio);
    this.#mix.connect(this.#context.destination);
    this.choose(null);
  }

  /** Browsers play nothing through a context that was made before the page was clicked. */
  resume(): void {
    void this.#context.resume();
  }

  /** How many channels a file has, from its header. */
  async countOf(url: string): Promise<number> {
    const response = await fetch(url, { headers: { Range: `bytes=0-${HEADER - 1}` } });
    const header = new DataView(await response.arrayBuffer());
    return header.byteLength >= HEADER ? header.getUint16(CHANNELS_AT, true) : 1;
  }

  /** Play one channel on both sides, or all of them mixed. */
  choose(channel: number | null): void {
    this.#source.disconnect();
    if (channel === null) {
      this.#source.connect(this.#mix);
      return;
    }
    const splitter = this.#context.createChannelSplitter(Math.max(2, channel + 1));
    this.#source.connect(splitter);
    splitter.connect(this.#mix, channel);
  }
}
