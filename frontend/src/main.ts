import './lib/drop/guard';
import './styles/index.css';
import { mount } from 'svelte';
import App from './App.svelte';
import { theme } from './lib/state/theme.svelte';

theme.apply();

const target = document.getElementById('app');
if (!target) throw new Error('the page has no place for the program');
mount(App, { target });
