/** The most that one event may take; more is a fault of the sender, and not kept. */
const maxEventChars = 8 << 20;

/**
 * Reads server-sent events (WHATWG HTML §9.2.6) out of text that comes in pieces, and gives each event's data. Names,
 * ids and comments are passed over: an event says itself what it is.
 */
export class EventReader {
  #rest = '';
  #data: string[] = [];
  #size = 0;

  push(text: string): string[] {
    const events: string[] = [];
    const lines = (this.#rest + text).split(/\r\n|\n|\r(?!$)/);
    this.#rest = lines.pop() ?? '';
    if (this.#rest.length > maxEventChars) throw new Error('event too long');
    for (const line of lines) {
      if (line === '') {
        if (this.#data.length > 0) events.push(this.#data.join('\n'));
        this.#data = [];
        this.#size = 0;
      } else if (line.startsWith('data:')) {
        const value = line.slice(line.startsWith('data: ') ? 6 : 5);
        this.#size += value.length;
        if (this.#size > maxEventChars) throw new Error('event too long');
        this.#data.push(value);
      }
    }
    return events;
  }
}
