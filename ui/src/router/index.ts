import { createRouter, createWebHashHistory, type Router, type RouteRecordRaw } from 'vue-router'
import { useSession } from '@/stores/session'

/** Where one can be. `start` routes are for those who are not signed in, all others for those who are. */
const routes: RouteRecordRaw[] = [
  { path: '/server', name: 'server', component: () => import('@/views/ServerView.vue'), meta: { start: true } },
  { path: '/register', name: 'register', component: () => import('@/views/RegisterView.vue'), meta: { start: true } },
  { path: '/sign-in', name: 'sign-in', component: () => import('@/views/SignInView.vue'), meta: { start: true } },
  { path: '/chats/:id(\\d+)?', name: 'chats', component: () => import('@/views/ChatsView.vue') },
  { path: '/contacts/:section(requests|search|blocked)?', name: 'contacts', component: () => import('@/views/ContactsView.vue') },
  { path: '/contacts/person/:id(\\d+)', name: 'person', component: () => import('@/views/ContactsView.vue') },
  { path: '/settings/:section?', name: 'settings', component: () => import('@/views/SettingsView.vue') },
  { path: '/:rest(.*)*', redirect: '/chats' },
]

/** Makes the router, with the guard between the start and the rest. */
export function makeRouter(): Router {
  const router = createRouter({ history: createWebHashHistory(), routes })
  router.beforeEach((to) => {
    const session = useSession()
    const start = to.meta.start === true
    if (session.signedIn) {
      return start ? { name: 'chats' } : true
    }
    if (start) {
      return true
    }
    return { name: (session.state?.remembered.length ?? 0) > 0 ? 'sign-in' : 'server' }
  })
  return router
}
