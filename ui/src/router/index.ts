import { createRouter, createWebHashHistory, type Router, type RouteRecordRaw } from 'vue-router'
import { useSession } from '@/stores/session'
import { useStart } from '@/stores/start'

const chats = () => import('@/views/ChatsView.vue')

/** Has the view fetched that most starts lead to, while who is signed in is still being found out. */
export function expectChats(): void {
  // Where it cannot be fetched, whoever goes there hears of it.
  chats().catch(() => undefined)
}

/** Where one can be. `start` routes are for those who are not signed in, all others for those who are. */
const routes: RouteRecordRaw[] = [
  { path: '/server', name: 'server', component: () => import('@/views/ServerView.vue'), meta: { start: true } },
  { path: '/register', name: 'register', component: () => import('@/views/RegisterView.vue'), meta: { start: true } },
  { path: '/sign-in', name: 'sign-in', component: () => import('@/views/SignInView.vue'), meta: { start: true } },
  { path: '/chats/:id(\\d+)?', name: 'chats', component: chats },
  { path: '/contacts/:section(requests|search|blocked)?', name: 'contacts', component: () => import('@/views/ContactsView.vue') },
  { path: '/contacts/person/:id(\\d+)', name: 'person', component: () => import('@/views/ContactsView.vue') },
  { path: '/settings/:section?', name: 'settings', component: () => import('@/views/SettingsView.vue') },
  { path: '/window/:id(\\d+)', name: 'window', component: () => import('@/views/WindowView.vue'), meta: { alone: true } },
  { path: '/:rest(.*)*', redirect: '/chats' },
]

/** Makes the router, with the guard between the start and the rest. */
export function makeRouter(): Router {
  const router = createRouter({ history: createWebHashHistory(), routes })
  router.beforeEach((to) => {
    const session = useSession()
    const start = to.meta.start === true
    if (session.lock === 'locked') {
      return true
    }
    if (session.signedIn) {
      return start && !useStart().adding ? { name: 'chats' } : true
    }
    if (start) {
      return true
    }
    return { name: (session.state?.remembered.length ?? 0) > 0 ? 'sign-in' : 'server' }
  })
  router.afterEach((to) => {
    if (to.meta.start !== true) {
      useStart().adding = false
    }
  })
  return router
}
