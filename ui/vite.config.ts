import { fileURLToPath } from 'node:url'
import vue from '@vitejs/plugin-vue'
import { defineConfig } from 'vitest/config'
import { emojiData } from './build/emoji.ts'
import { licences } from './build/licences.ts'

// The same policy as in the app's window, so that `vite preview` fails where the app would.
const csp = [
  "default-src 'self'",
  "style-src 'self' 'unsafe-inline'",
  "img-src 'self' data:",
  "script-src 'self'",
  "connect-src 'self' ipc: http://ipc.localhost",
].join('; ')

export default defineConfig({
  plugins: [vue(), emojiData(), licences()],
  resolve: { alias: { '@': fileURLToPath(new URL('./src', import.meta.url)) } },
  define: {
    __VUE_OPTIONS_API__: false,
    __VUE_PROD_DEVTOOLS__: false,
    __VUE_PROD_HYDRATION_MISMATCH_DETAILS__: false,
    __VUE_I18N_FULL_INSTALL__: false,
    __VUE_I18N_LEGACY_API__: false,
    __INTLIFY_PROD_DEVTOOLS__: false,
  },
  clearScreen: false,
  server: { port: 1420, strictPort: true },
  preview: { port: 1421, strictPort: true, headers: { 'Content-Security-Policy': csp } },
  // The oldest engines that the app's window can get: WebKitGTK 2.40, macOS 13, WebView2.
  build: {
    target: ['safari16.4', 'chrome111'],
    chunkSizeWarningLimit: 600,
    rolldownOptions: { output: { comments: { legal: true } } },
  },
  // A machine that has other work is slow, and no test is about how long it takes.
  test: { environment: 'happy-dom', include: ['src/**/*.test.ts'], restoreMocks: true, testTimeout: 60_000 },
})
