import {
  Bell, Info, Keyboard, KeyRound, Lock, MessageCircle, MonitorSmartphone, Network, Palette, PanelTop, User,
} from '@lucide/vue'
import type { Component } from 'vue'
import type { MessageKey } from '@/i18n'

/** A section of the settings. */
export interface Section {
  readonly name: string
  readonly icon: Component
  readonly label: MessageKey
}

/** The sections in their order, by what they are about. */
export const sectionGroups: readonly (readonly Section[])[] = [
  [
    { name: 'profile', icon: User, label: 'settings.profile' },
    { name: 'password', icon: KeyRound, label: 'settings.password' },
    { name: 'devices', icon: MonitorSmartphone, label: 'settings.devices' },
  ],
  [
    { name: 'notifications', icon: Bell, label: 'settings.notifications' },
    { name: 'appearance', icon: Palette, label: 'settings.appearance' },
    { name: 'chats', icon: MessageCircle, label: 'settings.chats' },
    { name: 'window', icon: PanelTop, label: 'settings.window' },
    { name: 'network', icon: Network, label: 'settings.network' },
    { name: 'lock', icon: Lock, label: 'settings.lock' },
    { name: 'shortcuts', icon: Keyboard, label: 'settings.shortcuts' },
  ],
  [{ name: 'about', icon: Info, label: 'settings.about' }],
]
