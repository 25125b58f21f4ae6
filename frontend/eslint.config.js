import js from '@eslint/js';
import prettier from 'eslint-config-prettier';
import svelte from 'eslint-plugin-svelte';
import globals from 'globals';
import ts from 'typescript-eslint';
import svelteConfig from './svelte.config.js';

const wails = { group: ['**/wailsjs/**'], message: 'Only src/lib/api speaks to the shell.' };
const hls = {
  group: ['hls.js', 'hls.js/**', 'assjs', 'assjs/**'],
  message: 'Only hls.ts and script.ts of src/lib/player know them.',
};
const feature = { group: ['**/features/**'], message: 'A feature imports lib, never another feature.' };

export default ts.config(
  { ignores: ['dist/', 'node_modules/', 'wailsjs/', 'test-results/'] },
  js.configs.recommended,
  ...ts.configs.recommendedTypeChecked,
  ...svelte.configs.recommended,
  prettier,
  ...svelte.configs.prettier,
  {
    languageOptions: {
      globals: { ...globals.browser, ...globals.node },
      parserOptions: { projectService: true, extraFileExtensions: ['.svelte'] },
    },
    rules: {
      '@typescript-eslint/no-floating-promises': 'error',
      '@typescript-eslint/no-misused-promises': 'error',
      '@typescript-eslint/await-thenable': 'error',
      '@typescript-eslint/switch-exhaustiveness-check': [
        'error',
        { considerDefaultExhaustiveForUnions: true },
      ],
      'no-restricted-imports': ['error', { patterns: [wails, hls] }],
      'max-lines': ['error', { max: 320, skipBlankLines: true, skipComments: true }],
    },
  },
  {
    files: ['**/*.svelte', '**/*.svelte.ts'],
    languageOptions: { parserOptions: { parser: ts.parser, svelteConfig } },
    rules: {
      'svelte/button-has-type': 'error',
      // Sets and maps here are replaced, not changed, or are nobody's to see.
      'svelte/prefer-svelte-reactivity': 'off',
    },
  },
  {
    // What an event handler in markup is given is known to svelte-check, not to this.
    files: ['**/*.svelte'],
    rules: {
      '@typescript-eslint/no-unsafe-argument': 'off',
      '@typescript-eslint/no-unsafe-assignment': 'off',
      '@typescript-eslint/no-unsafe-call': 'off',
      '@typescript-eslint/no-unsafe-member-access': 'off',
      '@typescript-eslint/no-unsafe-return': 'off',
    },
  },
  { files: ['src/lib/api/**'], rules: { 'no-restricted-imports': ['error', { patterns: [hls, feature] }] } },
  {
    files: ['src/lib/player/{hls,script}.ts'],
    rules: { 'no-restricted-imports': ['error', { patterns: [wails, feature] }] },
  },
  {
    files: ['src/lib/{state,ui,format,drop}/**', 'src/features/**'],
    rules: { 'no-restricted-imports': ['error', { patterns: [wails, hls, feature] }] },
  },
  {
    files: ['*.config.js', 'scripts/**/*.mjs'],
    extends: [ts.configs.disableTypeChecked],
    rules: { 'no-restricted-imports': 'off' },
  },
);
