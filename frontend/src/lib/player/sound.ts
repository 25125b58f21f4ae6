export interface Sound {
  /** 0 to 1. */
  volume: number;
  muted: boolean;
}

const key = 'dropstream.sound';

/** How loud it was the last time. */
export function keptSound(): Sound {
  try {
    const { volume, muted } = JSON.parse(localStorage.getItem(key) ?? '{}') as Partial<Sound>;
    const sane = typeof volume === 'number' && volume >= 0 && volume <= 1;
    return { volume: sane ? volume : 1, muted: muted === true };
  } catch {
    return { volume: 1, muted: false };
  }
}

export function keepSound(sound: Sound): void {
  try {
    localStorage.setItem(key, JSON.stringify(sound));
  } catch {
    // Without storage it is as loud as ever the next time.
  }
}
