/* Sound to and from a web socket: PCM, 16 bits, mono, at the context's rate. Used by the local implementation alone. */
const FRAME = 320; // samples: 20 ms at 16 kHz
const MOST_WAITING = 25; // frames; more is dropped, so that the delay does not grow

class Microphone extends AudioWorkletProcessor {
  frame = new Int16Array(FRAME);
  filled = 0;

  process([input]) {
    for (const sample of input[0] ?? []) {
      this.frame[this.filled++] = Math.max(-1, Math.min(1, sample)) * 32767;
      if (this.filled === FRAME) {
        this.port.postMessage(this.frame.slice().buffer);
        this.filled = 0;
      }
    }
    return true;
  }
}

class Speaker extends AudioWorkletProcessor {
  waiting = [];
  at = 0;

  constructor() {
    super();
    this.port.onmessage = ({ data }) => {
      this.waiting.push(new Int16Array(data));
      if (this.waiting.length > MOST_WAITING) {
        this.waiting.shift();
        this.at = 0;
      }
    };
  }

  process(_, [output]) {
    const [channel] = output;
    for (let n = 0; n < channel.length; n++) {
      channel[n] = this.next() / 32768;
    }
    return true;
  }

  next() {
    const [frame] = this.waiting;
    if (!frame) {
      return 0;
    }
    const sample = frame[this.at++];
    if (this.at === frame.length) {
      this.waiting.shift();
      this.at = 0;
    }
    return sample;
  }
}

registerProcessor("microphone", Microphone);
registerProcessor("speaker", Speaker);
