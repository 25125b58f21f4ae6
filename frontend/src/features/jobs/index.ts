export { default as JobPill } from './JobPill.svelte';
