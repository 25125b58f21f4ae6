/** What a key asks of the player. */
export type Request =
  | { do: 'toggle' | 'mute' | 'text' | 'fullscreen' | 'close' }
  | { do: 'skip'; seconds: number }
  | { do: 'step'; frames: number }
  | { do: 'volume'; by: number }
  | { do: 'place'; fraction: number }
  | { do: 'chapter'; by: number };

interface Shortcut {
  /** KeyboardEvent.key, in lower case. */
  key: string;
  shift?: boolean;
  request: Request;
}

/** Every key of the player. */
export const shortcuts: readonly Shortcut[] = [
  { key: ' ', request: { do: 'toggle' } },
  { key: 'k', request: { do: 'toggle' } },
  { key: 'arrowleft', shift: false, request: { do: 'skip', seconds: -5 } },
  { key: 'arrowright', shift: false, request: { do: 'skip', seconds: 5 } },
  { key: 'arrowleft', shift: true, request: { do: 'skip', seconds: -1 } },
  { key: 'arrowright', shift: true, request: { do: 'skip', seconds: 1 } },
  { key: 'j', request: { do: 'skip', seconds: -10 } },
  { key: 'l', request: { do: 'skip', seconds: 10 } },
  { key: ',', request: { do: 'step', frames: -1 } },
  { key: '.', request: { do: 'step', frames: 1 } },
  { key: 'arrowup', request: { do: 'volume', by: 0.05 } },
  { key: 'arrowdown', request: { do: 'volume', by: -0.05 } },
  { key: 'm', request: { do: 'mute' } },
  { key: 'c', request: { do: 'text' } },
  { key: 'f', request: { do: 'fullscreen' } },
  { key: 'escape', request: { do: 'close' } },
  { key: 'pageup', request: { do: 'chapter', by: -1 } },
  { key: 'pagedown', request: { do: 'chapter', by: 1 } },
  { key: 'home', request: { do: 'place', fraction: 0 } },
  { key: 'end', request: { do: 'place', fraction: 1 } },
  ...Array.from({ length: 10 }, (_, n): Shortcut => {
    return { key: String(n), request: { do: 'place', fraction: n / 10 } };
  }),
];

/** What a key event asks for, or nothing: when it belongs to the system, or to the control that has the focus. */
export function requestOf(event: KeyboardEvent): Request | undefined {
  if (event.defaultPrevented || event.ctrlKey || event.metaKey || event.altKey) return undefined;
  const key = event.key.toLowerCase();
  if (belongsTo(event.target, key)) return undefined;
  return shortcuts.find((s) => s.key === key && (s.shift === undefined || s.shift === event.shiftKey))
    ?.request;
}

function belongsTo(target: EventTarget | null, key: string): boolean {
  if (!(target instanceof Element)) return false;
  const moves = key.startsWith('arrow') || key === 'home' || key === 'end';
  if (target.closest('[role=menu], input')) return moves || key === ' ';
  return key === ' ' && target.closest('button, a') !== null;
}
