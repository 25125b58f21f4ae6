export type ThemeChoice = 'system' | 'dark' | 'light';

const key = 'dropstream.theme';

/** Which theme the person chose. The system's own is followed by the style sheet alone. */
class Theme {
  #choice = $state<ThemeChoice>(read());

  get choice(): ThemeChoice {
    return this.#choice;
  }

  set choice(choice: ThemeChoice) {
    this.#choice = choice;
    try {
      localStorage.setItem(key, choice);
    } catch {
      // Without storage the choice lasts as long as the page.
    }
    this.apply();
  }

  /** Tells the style sheet. */
  apply(): void {
    const root = document.documentElement;
    if (this.#choice === 'system') delete root.dataset['theme'];
    else root.dataset['theme'] = this.#choice;
  }
}

function read(): ThemeChoice {
  try {
    const kept = localStorage.getItem(key);
    return kept === 'dark' || kept === 'light' ? kept : 'system';
  } catch {
    return 'system';
  }
}

export const theme = new Theme();
