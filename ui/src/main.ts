import { createPinia } from 'pinia'
import { createApp } from 'vue'
import App from './App.vue'
import { i18n } from './i18n'
import { choosePlatform } from './platform'
import { expectChats, makeRouter } from './router'
import { startEvents } from './stores/events'
import { useSession } from './stores/session'
import './styles/tokens.css'
import './styles/base.css'

expectChats()
await choosePlatform()
const app = createApp(App)
app.use(createPinia())
app.use(i18n)
const session = useSession()
await startEvents()
// A failure is shown by the app itself, with a way to try again.
await session.load().catch((error: unknown) => session.failToStart(error))
app.use(makeRouter())
app.mount('#app')
