import { defineConfig } from '@playwright/test';

/** Background traffic of a browser has no place in a test. */
const quiet = [
  '--no-sandbox',
  '--disable-gpu',
  '--disable-quic',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
];

export default defineConfig({
  testDir: '.',
  outputDir: '../test-results',
  globalSetup: './clips.ts',
  // Playing and transcoding share the machine: side by side they would only measure each other.
  workers: 1,
  fullyParallel: false,
  forbidOnly: !!process.env['CI'],
  timeout: 90_000,
  expect: { timeout: 20_000 },
  reporter: [['list']],
  use: {
    viewport: { width: 1200, height: 760 },
    actionTimeout: 15_000,
    screenshot: 'only-on-failure',
    launchOptions: {
      executablePath: process.env['DROPSTREAM_CHROMIUM'] ?? '/usr/bin/chromium',
      args: quiet,
    },
  },
});
