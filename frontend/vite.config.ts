import { readdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { svelte } from '@sveltejs/vite-plugin-svelte';
import { defineConfig, type Plugin } from 'vitest/config';

const outDir = 'dist';

/**
 * Empties dist before a build but keeps its .gitkeep: Go embeds the folder, and an embed of a folder without a file
 * does not compile.
 */
function emptyOutDir(): Plugin {
  return {
    name: 'empty-out-dir',
    apply: 'build',
    buildStart() {
      const root = join(import.meta.dirname, outDir);
      for (const name of readdirSync(root)) {
        if (name !== '.gitkeep') rmSync(join(root, name), { recursive: true, force: true });
      }
    },
  };
}

// The headless program to develop against: `dropstream serve --json` prints its address.
const backend = process.env['DROPSTREAM_URL'];

export default defineConfig({
  // Relative, so that one dist works embedded in the window and served over HTTP.
  base: './',
  plugins: [svelte(), emptyOutDir()],
  build: {
    outDir,
    emptyOutDir: false,
    target: ['chrome111', 'firefox115', 'safari16.4'],
    chunkSizeWarningLimit: 700,
    modulePreload: { polyfill: false },
    assetsInlineLimit: 0,
  },
  server: backend ? { proxy: { '/api': backend, '/m': backend } } : {},
  resolve: process.env['VITEST'] ? { conditions: ['browser'] } : {},
  test: {
    include: ['src/**/*.test.ts'],
    environment: 'jsdom',
    expect: { requireAssertions: true },
  },
});
