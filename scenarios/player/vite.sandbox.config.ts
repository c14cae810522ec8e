import { defineConfig } from 'vite'

// The sandbox, as one plain script: it is a Web Worker in the page, and a thread in Node.
export default defineConfig({
  build: {
    outDir: 'dist',
    emptyOutDir: false,
    lib: { entry: 'sandbox/main.ts', formats: ['iife'], name: 'sandbox', fileName: () => 'sandbox.js' },
  },
})
